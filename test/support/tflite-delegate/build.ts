import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { packagePath } from '../../../src/hosts/node-packages.ts'
import { toolPath } from '../needs.ts'

/** Folder of the headers that the package of TensorFlow Lite's C library carries; null when it is not installed. */
export function tfliteHeaders(): string | null {
  const header = packagePath('tfjs-tflite-node/cc_deps/include/tensorflow/lite/c/common.h')
  return header && resolve(header, '../../../..')
}

/** Builds the delegate of the tests in a folder and gives its path. */
export function buildDelegate(folder: string): string {
  const library = join(folder, 'libtestdelegate.so')
  const includes = [tfliteHeaders()!, resolve(import.meta.dirname, '../../../firmware-bridge')]
  const flags = ['-std=gnu99', '-O2', '-ffp-contract=off', '-shared', '-fPIC', ...includes.flatMap((at) => ['-I', at])]
  execFileSync(toolPath('cc')!, [...flags, '-o', library, join(import.meta.dirname, 'delegate.c'), '-lm'])
  return library
}
