// Follows a report over server-sent events with the client graphql-sse and prints each event as one JSON line, until there were as many as asked for.
// The first line is {"connected": true}, so that the caller knows when to change the report.
// Usage: node events.mjs http://127.0.0.1:8080/graphql "<access token>" <id of a report> <number of events>
import { createClient } from 'graphql-sse';

const [url, token, id, wanted] = process.argv.slice(2);
const client = createClient({
  url,
  headers: { Authorization: `Bearer ${token}` },
  on: { connected: () => console.log(JSON.stringify({ connected: true })) },
});
setTimeout(() => { console.error('no answer within 30 s'); process.exit(1); }, 30_000).unref();

let seen = 0;
const query = 'subscription Follow($id: ID!) { feedbackUpdated(id: $id) { id status } }';
for await (const event of client.iterate({ query, variables: { id } })) {
  console.log(JSON.stringify(event));
  seen++;
  if (event.errors || seen === Number(wanted)) break;
}
client.dispose();
process.exit(seen === Number(wanted) ? 0 : 1);
