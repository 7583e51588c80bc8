// The part of the stand-in that answers the GraphQL operations of the signed pages. It does not read the query: the first name in it decides.
import { readFileSync } from "node:fs";

const schema = JSON.parse(readFileSync(new URL("../testdata/form.json", import.meta.url), "utf8"));
const later = (s) => new Date(Date.now() + s * 1000).toISOString();
const error = (code, message, path = []) => ({ code, message, path, retryAfter: null });
const grant = () => ({ accessToken: "access", refreshToken: "refresh", expiresAt: later(600) });

// Refusal is an error of a whole operation.
class Refusal {
  constructor(code, message) {
    Object.assign(this, { message, extensions: { code } });
  }
}

const operations = {
  requestOtp: () => ({ challenge: { id: "challenge", expiresAt: later(300), resendAfter: later(60) }, errors: [] }),
  verifyOtp: ({ input }) => (input.code === "123456"
    ? { grant: grant(), account: { displayName: null, maskedPhone: "091•••678" }, errors: [] }
    : { grant: null, account: null, errors: [error("INVALID", "Mã chưa đúng.", ["code"])] }),
  refreshSession: () => ({ grant: grant(), errors: [] }),
  me: () => ({ displayName: null, maskedPhone: "091•••678" }),
  signOut: () => ({ signedOut: true, errors: [] }),
  openLink: ({ input }) => (input.token === "old" ? { link: null, errors: [error("NOT_FOUND", "Đường dẫn đã hết hạn.")] }
    : { link: { network: "zalo", name: "Zalo", code: "7K3M-9QXD", expiresAt: later(600), conflict: input.token === "other" }, errors: [] }),
  draft: ({ token }) => (token === "old" ? null : token === "theirs" ? new Refusal("NOT_FOUND", "Biểu mẫu này đã hết hạn hoặc thuộc tài khoản khác.")
    : token === "sent" ? new Refusal("CONFLICT", "Biểu mẫu này đã được gửi rồi.") : { appId: "desk", actionId: "book", title: "Đặt lịch hẹn", schema, input: { service: "id", room: "c", contact: { name: "Nguyễn Thị Mai" } } }),
  formOptions: ({ after }) => (after ? { choices: [{ value: "c", label: "Phòng 3", hint: null }], after: null } : { choices: [{ value: "a", label: "Phòng 1", hint: "tầng 1" }, { value: "b", label: "Phòng 2", hint: null }], after: "2" }),
  createMediaUpload: () => ({ upload: { id: "media-1", url: "/media/1", method: "PUT", headers: [{ name: "X-Upload", value: "1" }], expiresAt: later(600) }, errors: [] }),
  submitDraft: ({ input }) => (input.input.note === "sai" ? { result: null, errors: [error("INVALID", "Ghi chú này chưa được.", ["note"])] }
    : { result: { blocks: [{ text: { text: "Đã đặt lịch." } }, { card: { title: "Lịch hẹn L-12", facts: [{ label: "Ngày", value: "05/03/2026" }] } }] }, errors: [] }),
};

export function graphql(city, { query, variables }, req, answer) {
  const name = Object.keys(operations).find((n) => new RegExp(`\\b${n}\\b`).test(query));
  city.graphql.calls.push({ name, variables, signed: req.headers.authorization === "Bearer access" });
  if (!name) return answer({ errors: [{ message: "no such field", extensions: { code: "INVALID" } }] });
  const open = ["requestOtp", "verifyOtp", "refreshSession"].includes(name);
  if (!open && req.headers.authorization !== "Bearer access") return answer({ data: null, errors: [{ message: "Bà con đăng nhập giúp.", extensions: { code: "UNAUTHORIZED" } }] });
  const got = operations[name](variables ?? {});
  return answer(got instanceof Refusal ? { data: null, errors: [got] } : { data: { [name]: got } });
}
