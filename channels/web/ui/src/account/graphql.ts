import { newId } from "../lib/ids.ts";
import { local, session } from "../lib/storage.ts";
import type { Lang } from "../texts/texts.ts";
import type { Schema } from "../form/schema.ts";
import type { Block, Choice } from "../chat/types.ts";

// Everything that the signed pages ask the gateway for is in this file.

// UserError is why something was refused, in the citizen's language.
export interface UserError {
  code: string;
  message: string;
  path: string[];
  retryAfter?: number | null;
}

// Problem is a request that was not carried out.
export class Problem extends Error {
  constructor(readonly code: string, message: string, readonly errors: UserError[] = []) {
    super(message);
  }
}

export interface Challenge {
  id: string;
  resendAfter: string;
}

export interface Who {
  displayName: string | null;
  maskedPhone: string | null;
}

export interface LinkOffer {
  name: string; // of the network that the chat is on
  code: string; // to be typed there
  expiresAt: string;
  conflict: boolean; // the account has another chat on that network
}

export interface Draft {
  appId: string;
  actionId: string;
  title: string;
  schema: Schema;
  input: Record<string, unknown>;
}

export interface Done {
  blocks: Block[] | null;
}

export interface Options {
  choices: Choice[];
  after: string | null;
}

interface Grant {
  accessToken: string;
  refreshToken: string;
}

const errors = "errors { code message path }", grant = "grant { accessToken refreshToken }", who = "displayName maskedPhone";

const operations = {
  requestOtp: `mutation ($input: RequestOtpInput!) { requestOtp(input: $input) { challenge { id resendAfter } ${errors} } }`,
  verifyOtp: `mutation ($input: VerifyOtpInput!) { verifyOtp(input: $input) { ${grant} account { ${who} } ${errors} } }`,
  refreshSession: `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${grant} ${errors} } }`,
  me: `query { me { ${who} } }`,
  signOut: `mutation ($input: SignOutInput) { signOut(input: $input) { signedOut ${errors} } }`,
  openLink: `mutation ($input: OpenLinkInput!) { openLink(input: $input) { link { name code expiresAt conflict } ${errors} } }`,
  draft: `query ($token: String!) { draft(token: $token) { appId actionId title schema input } }`,
  formOptions: `query ($appId: String!, $actionId: String!, $field: String!, $answers: JSON, $after: String) {
    formOptions(appId: $appId, actionId: $actionId, field: $field, answers: $answers, after: $after) { choices { value label hint } after } }`,
  createMediaUpload: `mutation ($input: CreateMediaUploadInput!) { createMediaUpload(input: $input) { upload { id url method headers { name value } } ${errors} } }`,
  submitDraft: `mutation ($input: SubmitDraftInput!) { submitDraft(input: $input) { result { blocks } ${errors} } }`,
};

type Operation = keyof typeof operations;

const refreshKey = "motcua.refresh", deviceKey = "motcua.device";

// Gateway speaks GraphQL for one person. The access token is in memory only; the refresh token lasts as long as the tab.
export class Gateway {
  private access = "";
  private refreshing: Promise<boolean> | undefined;

  constructor(private readonly lang: () => Lang) {}

  get device(): string {
    let id = local.get(deviceKey);
    if (!id) local.set(deviceKey, (id = newId()));
    return id;
  }

  async requestCode(phone: string, key: string): Promise<Challenge> {
    return (await this.call<{ challenge: Challenge }>("requestOtp", { input: { phone, deviceId: this.device, idempotencyKey: key } }, false)).challenge;
  }

  async signIn(challengeId: string, code: string): Promise<Who> {
    const input = { challengeId, code, deviceId: this.device, idempotencyKey: newId() };
    const got = await this.call<{ grant: Grant; account: Who }>("verifyOtp", { input }, false);
    this.keep(got.grant);
    return got.account;
  }

  // resume gives who is still signed in from before in this tab, or undefined.
  async resume(): Promise<Who | undefined> {
    if (!session.get(refreshKey) || !(await this.refresh())) return undefined;
    return (await this.call<Who | null>("me", {})) ?? undefined;
  }

  async signOut(): Promise<void> {
    await this.call("signOut", { input: { idempotencyKey: newId() } }).catch(() => undefined);
    this.access = "";
    session.remove(refreshKey);
  }

  async openLink(token: string, key: string): Promise<LinkOffer> {
    return (await this.call<{ link: LinkOffer }>("openLink", { input: { token, idempotencyKey: key } })).link;
  }

  draft(token: string): Promise<Draft | null> {
    return this.call("draft", { token });
  }

  options({ appId, actionId }: Draft, path: readonly string[], answers: unknown, after: string | null): Promise<Options> {
    return this.call("formOptions", { appId, actionId, field: `/${path.join("/")}`, answers, after });
  }

  async submit(token: string, input: unknown, key: string): Promise<Done> {
    return (await this.call<{ result: Done }>("submitDraft", { input: { token, input, idempotencyKey: key } })).result;
  }

  // upload stores a file and gives its id.
  async upload(file: Blob, name: string): Promise<string> {
    const input = { contentType: file.type, size: file.size, name, idempotencyKey: newId() };
    const { upload } = await this.call<{ upload: { id: string; url: string; method: string; headers: { name: string; value: string }[] } }>("createMediaUpload", { input });
    const res = await fetch(upload.url, { method: upload.method, body: file, headers: Object.fromEntries(upload.headers.map((h) => [h.name, h.value])), credentials: "omit" });
    if (!res.ok) throw new Problem("UNAVAILABLE", "");
    return upload.id;
  }

  // call carries out an operation; one that a token has run out under is repeated once with a new one.
  private async call<T>(name: Operation, variables: Record<string, unknown>, signed = true): Promise<T> {
    try {
      return await this.once<T>(name, variables, signed);
    } catch (e) {
      if (!signed || !(e instanceof Problem) || e.code !== "UNAUTHORIZED" || !(await this.refresh())) throw e;
      return this.once<T>(name, variables, signed);
    }
  }

  private async once<T>(name: Operation, variables: Record<string, unknown>, signed: boolean): Promise<T> {
    const headers: Record<string, string> = { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": this.lang() };
    if (signed && this.access) headers["Authorization"] = `Bearer ${this.access}`;
    const res = await fetch("/graphql", {
      method: "POST", headers, credentials: "omit", cache: "no-store", body: JSON.stringify({ query: operations[name], variables }),
    });
    if (res.status === 401) throw new Problem("UNAUTHORIZED", "");
    const { data, errors } = (await res.json()) as { data?: Record<string, unknown> | null; errors?: { message: string; extensions?: { code?: string } }[] };
    const first = errors?.[0];
    if (first) throw new Problem(first.extensions?.code ?? "INTERNAL", first.message);
    const got = data?.[name] as { errors?: UserError[] } | null;
    const refused = got?.errors?.[0];
    if (refused) throw new Problem(refused.code, refused.message, got?.errors);
    return got as T;
  }

  // refresh gets a new access token, once for all who need one. Without the network it throws.
  private refresh(): Promise<boolean> {
    this.refreshing ??= this.renew().finally(() => { this.refreshing = undefined; });
    return this.refreshing;
  }

  private async renew(): Promise<boolean> {
    const refreshToken = session.get(refreshKey);
    if (!refreshToken) return false;
    try {
      const input = { refreshToken, deviceId: this.device, idempotencyKey: newId() };
      this.keep((await this.once<{ grant: Grant }>("refreshSession", { input }, false)).grant);
      return true;
    } catch (e) {
      if (!(e instanceof Problem)) throw e;
      session.remove(refreshKey);
      return false;
    }
  }

  private keep(g: Grant): void {
    this.access = g.accessToken;
    session.set(refreshKey, g.refreshToken);
  }
}
