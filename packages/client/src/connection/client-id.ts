import type { Runtime } from '../runtime.ts'

/**
 * The name of one client among all that a broker knows: `address@process#chance`. Members of a group are told apart by
 * it, so that it has to differ between clients of one process, its threads, and containers in which every process has
 * the same number.
 */
export function newClientId({ network, random, processId }: Runtime): string {
  return `${network.localAddress()}@${processId}#${randomHex(random, 5)}`
}

/** @param units of 16 random bits each */
export function randomHex(random: Runtime['random'], units: number): string {
  let text = ''
  for (let unit = 0; unit < units; unit++) text += random.below(0x1_0000).toString(16).padStart(4, '0')
  return text
}
