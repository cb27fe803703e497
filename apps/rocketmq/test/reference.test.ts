import { reference } from '@rocketmq-ts/cli'
import { expect, test } from 'vitest'
import { createProcessHost } from '../src/cli-host.ts'
import { createProgram } from '../src/program.ts'

/** `npx vitest run apps/rocketmq/test/reference.test.ts -u` writes it anew. */
test('docs/cli.md tells of all commands as they are', async () => {
  const program = createProgram(createProcessHost(), () => {})
  await expect(reference(program)).toMatchFileSnapshot('../../../docs/cli.md')
})
