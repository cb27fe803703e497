import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // As below: by itself it is a second.
    expect: { poll: { timeout: 120_000 } },
    include: [
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'benchmarks/test/**/*.test.ts',
      'scripts/test/*.test.ts',
    ],
    // Long enough for a machine that has much else to do: a test that hangs fails, one that is slow does not.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
