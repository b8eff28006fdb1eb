/** What was made, as files. */

const KINDS = ["video/webm;codecs=vp9", "video/webm", "video/mp4"]; // Safari may have the last alone

export async function savePng(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("the browser cannot write this picture");
  download(blob, `${name}.png`);
}

/** Records a canvas from now on; `stop` offers the file. */
export function record(canvas: HTMLCanvasElement, name: string): { stop(): void } {
  const kind = globalThis.MediaRecorder && KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  if (!kind) throw new Error("this browser cannot record video");
  const recorder = new MediaRecorder(canvas.captureStream(), {
    mimeType: kind,
    videoBitsPerSecond: 8e6,
  });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    download(new Blob(parts, { type: kind }), `${name}.${kind.startsWith("video/mp4") ? "mp4" : "webm"}`);
  };
  recorder.start();
  return { stop: () => recorder.stop() };
}

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still read it
}
