import type { Chat } from "./chat.ts";

export type PushState = "none" | "off" | "on" | "denied";

// canPush tells whether this browser can show notifications of this page. Inside another site's frame it cannot.
export const canPush = (vapidKey: string): boolean =>
  vapidKey !== "" && window === parent && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const worker = "/chat/sw.js", scope = "/chat";

// pushState tells how things stand, and tells the city of the subscription again: the browser may have changed it meanwhile.
export async function pushState(chat: Chat): Promise<PushState> {
  if (!canPush(chat.store.value.config.vapidKey)) return "none";
  if (Notification.permission === "denied") return "denied";
  const subscription = await (await navigator.serviceWorker.getRegistration(scope))?.pushManager.getSubscription();
  if (!subscription) return "off";
  await chat.api.subscribe(await chat.session(), subscription.toJSON()).catch(() => undefined);
  return "on";
}

// turnOn asks the visitor by the browser's own question. Call it from a tap only.
export async function turnOn(chat: Chat): Promise<PushState> {
  if ((await Notification.requestPermission()) !== "granted") return Notification.permission === "denied" ? "denied" : "off";
  const registration = await navigator.serviceWorker.register(worker, { scope });
  await navigator.serviceWorker.ready;
  const key = bytes(chat.store.value.config.vapidKey);
  const old = await registration.pushManager.getSubscription();
  if (old && !same(old.options.applicationServerKey, key)) await old.unsubscribe(); // the city has another key now
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await chat.api.subscribe(await chat.session(), subscription.toJSON());
  return "on";
}

export async function turnOff(chat: Chat): Promise<PushState> {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await chat.api.unsubscribe(await chat.session(), subscription.endpoint);
    await subscription.unsubscribe();
  }
  return "off";
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const raw = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

function same(a: ArrayBuffer | null, b: Uint8Array): boolean {
  const x = new Uint8Array(a ?? new ArrayBuffer(0));
  return x.length === b.length && x.every((v, i) => v === b[i]);
}
