// Count the faces of a folder of photos by face-api, for `benchmarks.recognise`.
//     node benchmarks/face_api.cjs PHOTOS SITE
// SITE is a folder that `npm install @vladmandic/face-api @tensorflow/tfjs
// @tensorflow/tfjs-backend-wasm jpeg-js` ran in; the models are in the package.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const [photos, site] = process.argv.slice(2).map((name) => path.resolve(name));
const installed = createRequire(path.join(site, "package.json"));
const folder = (name) => path.dirname(installed.resolve(`${name}/package.json`));
const jpeg = installed("jpeg-js");
installed("@tensorflow/tfjs");
const wasm = installed("@tensorflow/tfjs-backend-wasm");
const faceapi = installed("@vladmandic/face-api/dist/face-api.node-wasm.js");

async function main() {
  wasm.setWasmPaths(path.join(folder("@tensorflow/tfjs-backend-wasm"), "dist/"));
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  const models = path.join(folder("@vladmandic/face-api"), "model");
  await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
  await faceapi.nets.faceExpressionNet.loadFromDisk(models);
  let count = 0;
  for (const name of fs.readdirSync(photos)) {
    const file = fs.readFileSync(path.join(photos, name));
    const { width, height, data } = jpeg.decode(file, { useTArray: true, formatAsRGBA: false });
    const image = faceapi.tf.tensor3d(data, [height, width, 3], "int32");
    count += (await faceapi.detectAllFaces(image).withFaceExpressions()).length;
    image.dispose();
  }
  console.log(count);
}

main();
