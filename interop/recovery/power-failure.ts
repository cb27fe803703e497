import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** See `packages/storage/src/recovery/checkpoint.ts`, which owns the format. */
const magic = 0x524d5453
const checkedStart = 8
const writtenPart = { start: 1024, bytes: 80 }
const syncedParts = [
  { start: 1536, bytes: 72 },
  { start: 2048, bytes: 72 },
]
const bootIdAt = 24
const otherBoot = '00000000-0000-4000-8000-000000000000'

/**
 * Makes the store of a killed broker look as if the machine had been started anew since: what was written and not
 * synced does not count any more, although here all of it is still in the files.
 * @throws Error when the checkpoint does not say in which boot it was written
 */
export function pretendPowerFailure(storeFolder: string): void {
  const file = join(storeFolder, 'checkpoint')
  const bytes = readFileSync(file)
  const part = validPart(bytes, writtenPart)
  if (part === undefined) throw new Error(`${file} does not say in which boot it was written`)
  part.fill(0, bootIdAt)
  part.write(otherBoot, bootIdAt)
  part.writeUInt32BE(crc32(part.subarray(checkedStart)), 4)
  writeFileSync(file, bytes)
}

/** The position in the log up to which queue units and keys survive a power failure; 0 when nothing was synced yet. */
export function syncedPosition(storeFolder: string): number {
  const bytes = readFileSync(join(storeFolder, 'checkpoint'))
  let newest = { turn: -1n, position: 0 }
  for (const place of syncedParts) {
    const part = validPart(bytes, place)
    if (part === undefined) continue
    const turn = part.readBigInt64BE(8)
    if (turn > newest.turn) newest = { turn, position: Number(part.readBigInt64BE(16)) }
  }
  return newest.position
}

function validPart(bytes: Buffer, { start, bytes: length }: { start: number; bytes: number }): Buffer | undefined {
  const part = bytes.subarray(start, start + length)
  const isValid = part.readUInt32BE(0) === magic && part.readUInt32BE(4) === crc32(part.subarray(checkedStart))
  return isValid ? part : undefined
}
