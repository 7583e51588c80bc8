// Speaks with the stand-in: acts of a person, and the stream of a person's chat. Addresses are relative to the page.
const of = (user) => `control/users/${encodeURIComponent(user)}`;

export async function control(method, path, body) {
  const form = body instanceof FormData;
  const res = await fetch(`control/${path}`, {
    method, headers: body && !form ? { "Content-Type": "application/json" } : {}, body: form ? body : body && JSON.stringify(body),
  });
  const out = await res.json();
  if (!res.ok) throw new Error(out.error ?? res.status);
  return out;
}

export const act = (user, name, body) => control("POST", `users/${encodeURIComponent(user)}/${name}`, body ?? {});

// listen calls back for each entry, again when it changes; hello says whose chat it is, and link whether the line is up. It gives a function that ends it.
// A page that nobody sees listens to nothing: a browser holds few connections to one address, and comes back to the whole chat.
export function listen(user, { hello, entry, link }) {
  let source;
  const follow = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(`${of(user)}/stream`);
    source.addEventListener("hello", (e) => { link(true); hello(JSON.parse(e.data)); });
    source.addEventListener("entry", (e) => entry(JSON.parse(e.data)));
    source.onerror = () => link(false);
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    source?.close();
  };
}
