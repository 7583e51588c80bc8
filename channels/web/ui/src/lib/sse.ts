// One event of a stream of server-sent events, as the HTML standard describes them.
export interface ServerEvent {
  event: string; // "message" when the stream names none
  id: string;
  data: string;
}

// EventParser takes a stream apart, however it is cut into pieces.
export class EventParser {
  private rest = "";
  private event = "";
  private id = "";
  private data: string[] = [];

  // push takes the next piece and gives the events that it completes.
  push(piece: string): ServerEvent[] {
    const text = this.rest + piece;
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text; // a line end may be cut in half
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = lines.pop()! + text.slice(whole.length);
    const out: ServerEvent[] = [];
    for (const line of lines) {
      const done = this.line(line);
      if (done) out.push(done);
    }
    return out;
  }

  private line(line: string): ServerEvent | undefined {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined; // a comment: the heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const { data, event, id } = this;
    this.data = [];
    this.event = "";
    return data.length ? { event: event || "message", id, data: data.join("\n") } : undefined;
  }
}
