import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Draft, Gateway } from "../account/graphql.ts";
import type { Path, Schema } from "./schema.ts";

// Filling is what all fields of one form share.
export interface Filling {
  root: Schema;
  gateway: Gateway;
  draft: Draft;
  answers: Record<string, unknown>;
  wrong: ReadonlyMap<string, string>; // by path, see pathKey
  set: (path: Path, value: unknown) => void;
}

export const FillingContext = createContext<Filling | undefined>(undefined);

export function useFilling(): Filling {
  const f = useContext(FillingContext);
  if (!f) throw new Error("a field outside a form");
  return f;
}

// idOf gives a field's id in the document.
export const idOf = (path: Path): string => `field-${path.join("-")}`;

// setAt gives value with another part at path; what is not there yet is made.
export function setAt(value: unknown, path: Path, part: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return part;
  if (Array.isArray(value)) return value.map((v, i) => (String(i) === name ? setAt(v, rest, part) : v));
  const before = (value ?? {}) as Record<string, unknown>;
  return { ...before, [name]: setAt(before[name], rest, part) };
}
