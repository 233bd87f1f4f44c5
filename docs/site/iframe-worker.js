// Search on pages from a disk, which may not start a worker: a hidden frame runs the worker's code.

if (location.protocol === "file:")
  window.Worker = class {
    constructor(url) {
      this.frame = Object.assign(document.createElement("iframe"), { hidden: true });
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.onmessage?.({ data });
      const script = Object.assign(inside.document.createElement("script"), { src: url });
      this.ready = new Promise((resolve) => (script.onload = resolve));
      inside.document.head.append(script);
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.onmessage({ data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
