import { test } from 'vitest'
import { withBuiltPackages } from '../../../packaging/src/pack.ts'

/** `npm run api` writes the reports anew, so that a commit shows what has changed for users. */
test('the public interfaces are those that packaging/api tells of', async () => {
  await withBuiltPackages(() => {})
})
