import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Packages are built and installed once for all files, which run one after the other. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['packaging/test/*.test.ts'],
    globalSetup: ['packaging/test/built-packages.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
})
