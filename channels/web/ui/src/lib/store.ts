import { useEffect, useReducer } from "preact/hooks";

// Store holds one value that parts of the page watch.
export class Store<T> {
  private readonly watchers = new Set<() => void>();

  constructor(public value: T) {}

  set(part: Partial<T>): void {
    this.value = { ...this.value, ...part };
    for (const w of [...this.watchers]) w();
  }

  watch(w: () => void): () => void {
    this.watchers.add(w);
    return () => { this.watchers.delete(w); };
  }
}

// useStore gives the value and draws the component anew when it changes.
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => store.watch(() => draw(undefined)), [store]);
  return store.value;
}
