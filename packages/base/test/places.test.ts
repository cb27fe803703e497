import { expect, test } from 'vitest'
import { Places } from '../src/index.ts'

test('so many are inside at a time, and the others come in in their order, however one leaves', async () => {
  const places = new Places(2)
  const begun: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<string>())
  const results = ends.map(({ promise }, index) =>
    places.run(() => {
      begun.push(index)
      return promise
    }),
  )
  expect(begun).toEqual([0, 1])
  ends[1]!.reject(new Error('EIO'))
  await expect(results[1]).rejects.toThrow('EIO')
  ends[2]!.resolve('third')
  expect(await results[2]).toBe('third')
  await Promise.resolve()
  expect(begun).toEqual([0, 1, 2, 3])
  for (const { resolve } of ends) resolve('')
  await Promise.all(results.toSpliced(1, 1))
  expect(await places.run(async () => 'later')).toBe('later')
})
