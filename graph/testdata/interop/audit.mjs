// Runs the audits of graphql-http (the GraphQL-over-HTTP specification) against a server and prints one JSON line:
// {"ok": 61, "total": 61, "not": [{"status", "name", "reason"}]}. Exit code 1 when an audit is not ok.
// Usage: node audit.mjs http://127.0.0.1:8080/graphql
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
const not = [];
const audits = serverAudits({ url, fetchFn: fetch });
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== 'ok') {
    not.push({ status: result.status, name: audit.name, reason: String(result.reason) });
  }
}
console.log(JSON.stringify({ ok: audits.length - not.length, total: audits.length, not }));
process.exit(not.length === 0 && audits.length > 0 ? 0 : 1);
