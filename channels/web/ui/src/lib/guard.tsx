import { Component, type ComponentChildren } from "preact";

// Guard keeps what it holds from taking the whole page down: something that cannot be drawn is left out.
export class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  render() {
    return this.state.failed ? null : this.props.children;
  }
}
