// Values that outlive the page. In a browser that forbids storage they last as long as the page does.
class Kept {
  private readonly memory = new Map<string, string>();

  constructor(private readonly where: () => Storage) {}

  get(key: string): string | undefined {
    try {
      return this.where().getItem(key) ?? undefined;
    } catch {
      return this.memory.get(key);
    }
  }

  set(key: string, value: string): void {
    try {
      this.where().setItem(key, value);
    } catch {
      this.memory.set(key, value);
    }
  }

  remove(key: string): void {
    this.memory.delete(key);
    try {
      this.where().removeItem(key);
    } catch { /* nothing is stored there */ }
  }
}

export const local = new Kept(() => localStorage);
export const session = new Kept(() => sessionStorage);
