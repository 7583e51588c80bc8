// The service worker: shows what the city has to tell while the page is closed.
export {};
declare const self: ServiceWorkerGlobalScope;

// Notice is what comes in a push.
interface Notice {
  id?: string;
  title?: string;
  text?: string;
  link?: string;
  collapse?: string; // notices of the same name replace each other
}

const chat = "/chat";

function read(data: PushMessageData | null): Notice {
  try {
    return (data?.json() as Notice) ?? {};
  } catch {
    return {};
  }
}

// target gives the address that a notice leads to: the chat when it names none that can be opened.
function target(link: string | undefined): URL {
  try {
    const u = new URL(link || chat, self.location.origin);
    if (u.protocol === "https:" || u.origin === self.location.origin) return u;
  } catch { /* not an address */ }
  return new URL(chat, self.location.origin);
}

async function show(n: Notice): Promise<void> {
  await self.registration.showNotification(n.title || "Thành phố có tin mới", {
    body: n.text ?? "", tag: n.collapse || n.id, icon: "{{icon}}", badge: "{{icon}}", data: { link: n.link },
  });
}

// open goes to a window that shows the place already, or else opens one.
async function open(link: string | undefined): Promise<void> {
  const to = target(link);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((w) => new URL(w.url).origin === to.origin && new URL(w.url).pathname === to.pathname);
  if (there) await there.focus();
  else await self.clients.openWindow(to.href);
}

// Change is what a browser tells when it has ended a subscription, or replaced it.
interface Change extends ExtendableEvent {
  oldSubscription?: PushSubscription | null;
}

// renew subscribes again under the same key, and has open pages tell the city; others do when they are opened.
async function renew({ oldSubscription }: Change): Promise<void> {
  const applicationServerKey = oldSubscription?.options.applicationServerKey;
  if (applicationServerKey) await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  for (const page of await self.clients.matchAll({ type: "window" })) page.postMessage("subscription");
}

self.addEventListener("pushsubscriptionchange", (e) => (e as Change).waitUntil(renew(e as Change)));
self.addEventListener("install", () => { void self.skipWaiting(); });
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("push", (e) => e.waitUntil(show(read(e.data))));
self.addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil(open((e.notification.data as { link?: string } | undefined)?.link));
});
