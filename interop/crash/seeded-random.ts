export { SeededRandom } from '@rocketmq-ts/platform/test-kit'

/** The seed from the environment (to repeat a failure), else a new one; printed, so that a failure can be repeated. */
export function announcedSeed(variable: string): number {
  const given = process.env[variable]
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  if (!Number.isInteger(seed)) throw new Error(`${variable} must be an integer, is ${given}`)
  console.info(`${variable}=${seed}`)
  return seed
}
