import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

// lazy gives a component whose code is loaded when it is first shown. failed is called when that does not work.
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P & { failed: () => void }> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy({ failed, ...props }) {
    const [, draw] = useState(0);
    useEffect(() => {
      if (!loaded) load().then((c) => { loaded = c; draw(1); }, failed);
    }, []);
    const C = loaded;
    return C ? <C {...(props as unknown as P)} /> : null;
  };
}
