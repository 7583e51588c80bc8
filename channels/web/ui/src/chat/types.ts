// What the chat's interface speaks of. Blocks are those of internal/message.
export interface Choice {
  label: string;
  value: string;
  hint?: string;
}

export interface Fact {
  label: string;
  value: string;
}

export interface Card {
  title: string;
  subtitle?: string;
  imageUrl?: string;
  facts?: Fact[] | null;
  actions?: Choice[] | null;
}

export interface Location {
  lat: number;
  lon: number;
  label?: string;
}

// Block is an object with one field, named after its kind. An empty list may be null.
export interface Block {
  text?: { text: string };
  choices?: { text: string; options: Choice[] | null; controls?: Choice[] | null };
  card?: Card;
  image?: { url: string; alt: string };
  qr?: { payload: string; caption?: string };
  location?: Location;
  link?: { label: string; url: string };
  progress?: { label: string; done: number; total: number };
}

export interface Upload {
  id: string;
  url: string;
  kind: string; // photo or video
}

export type From = "you" | "bot" | "staff";

// Message is one line of the chat as the city has stored it.
export interface Message {
  seq: number;
  id: string; // of the visitor's own lines: the one that the page gave it
  from: From;
  name?: string; // of the officer
  at: string; // RFC 3339
  text?: string;
  choice?: string;
  place?: Location;
  uploads?: Upload[] | null;
  blocks?: Block[] | null;
}

// File is one that waits to be sent with a message.
export interface PendingFile {
  id: string; // the upload's id, given by the page: a repeat is the same upload
  name: string;
  kind: "photo" | "video";
  blob: Blob;
  uploaded?: string; // the id that the city answered
}

// Pending is something that the visitor said and the city has not yet stored.
export interface Pending {
  n: number; // its place in the queue
  id: string;
  at: string;
  text?: string;
  choice?: string;
  ref?: string;
  place?: Location;
  files?: PendingFile[];
  failed?: string; // why the city refused it, in words
  sent?: number; // the line it became; the line itself is still to come
  progress?: number; // of its files, 0 to 1
}

export interface Config {
  city: { vi: string; en: string };
  vapidKey: string; // "" when there are no notifications
  tiles: string; // address of map tiles with {z}, {x}, {y}; "" when there are none
  maxPhoto: number; // bytes
  maxVideo: number; // bytes
  maxText: number; // characters
}
