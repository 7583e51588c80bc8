import { local } from "../lib/storage.ts";
import { Refused } from "./api.ts";
import type { Chat } from "./chat.ts";

// PushState says how notifications stand here. none: there are none to be had; lapsed: they were on, and the browser has ended them; unsupported: this
// browser cannot; install: it can once the page is on the home screen, as on an iPhone.
export type PushState = "none" | "off" | "on" | "denied" | "lapsed" | "unsupported" | "install";

const worker = "/chat/sw.js", scope = "/chat", wanted = "motcua.push";

// lacking tells why this browser cannot show notifications of this page; undefined when it can.
function lacking(): "unsupported" | "install" | undefined {
  if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) return undefined;
  const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);
  return apple && !matchMedia("(display-mode: standalone)").matches ? "install" : "unsupported";
}

// pushState tells how things stand, tells the city of the subscription again, which the browser may have changed meanwhile, and renews one that it has ended.
export async function pushState(chat: Chat): Promise<PushState> {
  if (!chat.store.value.config.vapidKey || window !== parent) return "none"; // inside another site's frame no browser asks
  const cannot = lacking();
  if (cannot) return cannot;
  if (Notification.permission === "denied") return "denied";
  const subscription = await (await navigator.serviceWorker.getRegistration(scope))?.pushManager.getSubscription();
  if (!subscription || (subscription.expirationTime ?? Infinity) <= Date.now()) return local.get(wanted) ? renew(chat) : "off";
  if (!chat.store.value.known) return subscription.unsubscribe().then(() => "off"); // of a conversation that is forgotten
  return chat.api.subscribe(await chat.session(), subscription.toJSON()).then(() => "on", (e) => (e instanceof Refused && e.status === 404 ? "none" : "on"));
}

async function renew(chat: Chat): Promise<PushState> {
  if (Notification.permission !== "granted") return "lapsed";
  return subscribe(chat).catch(() => "lapsed");
}

// turnOn asks the visitor by the browser's own question. Call it from a tap only. It gives "off" when they did not answer.
export async function turnOn(chat: Chat): Promise<PushState> {
  if ((await Notification.requestPermission()) !== "granted") return Notification.permission === "denied" ? "denied" : "off";
  return subscribe(chat);
}

async function subscribe(chat: Chat): Promise<PushState> {
  const registration = await navigator.serviceWorker.register(worker, { scope });
  await navigator.serviceWorker.ready;
  const key = bytes(chat.store.value.config.vapidKey);
  const old = await registration.pushManager.getSubscription();
  if (old && (!same(old.options.applicationServerKey, key) || (old.expirationTime ?? Infinity) <= Date.now())) await old.unsubscribe(); // the city has another key now, or it is over
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await chat.api.subscribe(await chat.session(), subscription.toJSON());
  local.set(wanted, "on");
  return "on";
}

export async function turnOff(chat: Chat): Promise<PushState> {
  local.remove(wanted);
  const registration = await navigator.serviceWorker.getRegistration(scope);
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await chat.api.unsubscribe(await chat.session(), subscription.endpoint);
    await subscription.unsubscribe();
  }
  return "off";
}

// forgetPush ends notifications on this device without a trace. Should the city not hear of it now, it does at the next push.
export async function forgetPush(chat: Chat): Promise<void> {
  local.remove(wanted);
  const registration = await navigator.serviceWorker?.getRegistration(scope);
  if (!registration) return;
  const subscription = await registration.pushManager?.getSubscription();
  if (subscription) {
    void chat.session().then((token) => chat.api.unsubscribe(token, subscription.endpoint)).catch(() => undefined);
    await subscription.unsubscribe();
  }
  for (const shown of await registration.getNotifications()) shown.close();
  await registration.unregister();
}

// watchPush calls changed when the visitor changed the permission elsewhere, or the worker the subscription. It gives what ends that.
export function watchPush(changed: () => void): () => void {
  const { permissions, serviceWorker } = navigator;
  let status: PermissionStatus | undefined, ended = false;
  permissions?.query({ name: "notifications" }).then((s) => {
    if (ended) return;
    status = s;
    s.addEventListener("change", changed);
  }, () => undefined);
  serviceWorker?.addEventListener("message", changed);
  return () => {
    ended = true;
    status?.removeEventListener("change", changed);
    serviceWorker?.removeEventListener("message", changed);
  };
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const raw = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

function same(a: ArrayBuffer | null, b: Uint8Array): boolean {
  const x = new Uint8Array(a ?? new ArrayBuffer(0));
  return x.length === b.length && x.every((v, i) => v === b[i]);
}
