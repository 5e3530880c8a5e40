// Runs ONNX files over features and writes their scores: node run_onnx.mjs ORT_FOLDER FEATURES.bin OUT_FOLDER FILE...
// ORT_FOLDER has onnxruntime-web installed (npm i onnxruntime-web@1.30.0). FEATURES.bin: float32 windows of 740 values,
// in the byte order of this machine. OUT_FOLDER gets FILE.bin, float32, 8 values a window,
// of the first output all windows, then of the next.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

const [folder, features, out, ...files] = process.argv.slice(2);
const ort = createRequire(join(resolve(folder), "package.json"))("onnxruntime-web");
ort.env.wasm.numThreads = 1;
const raw = readFileSync(features);
const all = new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
for (const file of files) {
  const session = await ort.InferenceSession.create(readFileSync(file), { executionProviders: ["wasm"] });
  const windows = all.length / 740;
  const scores = session.outputNames.map(() => new Float32Array(windows * 8));
  const began = performance.now();
  for (let i = 0; i < windows; i++) {
    const features = new ort.Tensor("float32", all.slice(i * 740, i * 740 + 740), [1, 1, 74, 10]);
    const made = await session.run({ features });
    session.outputNames.forEach((name, exit) => scores[exit].set(made[name].data, i * 8));
  }
  const each = (performance.now() - began) / windows;
  writeFileSync(join(out, basename(file) + ".bin"), Buffer.concat(scores.map(({ buffer }) => Buffer.from(buffer))));
  console.log(`${basename(file)}: ${windows} windows, ${each.toFixed(3)} ms each`);
}
