import fs from 'node:fs'

const path = '/proc/sys/kernel/random/boot_id'

/** The id that Linux gives to each boot of the system; empty on other systems. */
export function bootId(): string {
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : ''
}
