import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** The SDK's tests on a Node that lacks what the sources of the servers use: they are built for it, and tests are not. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['packages/{client,testing}/test/**/*.test.ts'],
    // They start programs from the sources as they are, or build packages.
    exclude: ['packages/testing/test/{exit,documentation}.test.ts', 'packages/client/test/public-interface.test.ts'],
    setupFiles: ['packaging/test/older-node.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
