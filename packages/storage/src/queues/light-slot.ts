import { crc32 } from 'node:zlib'
import { readInt64, writeInt64 } from '@rocketmq-ts/protocol'
import { canBeLightQueue } from './light-places.ts'
import { isBlankUnit, unitBytes } from './queue-unit.ts'

/** A sector of a disk: it is written as a whole. */
export const slotBytes = 512
const slotMagic = 0x524d4c53
const checkedStart = 8
const nameStart = 28

/** What a slot says of a light queue. */
export interface LightSlot {
  name: string
  /** Rises with each slot that is written: of two slots of one name, the one with the higher number counts. */
  serial: number
  /** The number of the first unit. */
  firstUnit: number
  /** The place of all units: those that were not written are zeros. */
  units: Buffer
}

/** Where the units of a name stand in its slot. */
export function unitsStart(name: string): number {
  return nameStart + Buffer.byteLength(name)
}

/** Units that there is room for in the slot of a name. */
export function unitsPerSlot(name: string): number {
  return Math.floor((slotBytes - unitsStart(name)) / unitBytes)
}

/**
 * The bytes of a slot, big-endian:
 *
 *     magic 4 | crc32 4 | serial 8 | number of the first unit 8 | length of the name 2 | checked units 2 | name | units
 *
 * The checksum covers what follows it, up to the units that were there when the slot was written. Units are added in place.
 *
 * @param units that are there now, with room for more behind them
 */
export function encodeSlot({ name, serial, firstUnit }: Omit<LightSlot, 'units'>, units: Uint8Array): Buffer {
  const bytes = Buffer.alloc(slotBytes)
  const start = nameStart + bytes.write(name, nameStart)
  bytes.writeUInt32BE(slotMagic, 0)
  writeInt64(bytes, serial, 8)
  writeInt64(bytes, firstUnit, 16)
  bytes.writeUInt16BE(start - nameStart, 24)
  bytes.writeUInt16BE(units.length / unitBytes, 26)
  bytes.set(units, start)
  bytes.writeUInt32BE(crc32(bytes.subarray(checkedStart, start + units.length)), 4)
  return bytes
}

/** What the bytes of a slot say; undefined when they are not those of a slot in use. Its units are a part of the bytes. */
export function readSlot(bytes: Buffer): LightSlot | undefined {
  if (bytes.length < slotBytes || bytes.readUInt32BE(0) !== slotMagic) return undefined
  const start = nameStart + bytes.readUInt16BE(24)
  const checkedEnd = start + bytes.readUInt16BE(26) * unitBytes
  if (checkedEnd > slotBytes) return undefined
  if (crc32(bytes.subarray(checkedStart, checkedEnd)) !== bytes.readUInt32BE(4)) return undefined
  const [serial, firstUnit] = [readInt64(bytes, 8), readInt64(bytes, 16)]
  const name = bytes.toString('utf8', nameStart, start)
  const canBe = Number.isSafeInteger(serial) && Number.isSafeInteger(firstUnit * unitBytes) && canBeLightQueue(name)
  if (!canBe || serial < 0 || firstUnit < 0) return undefined
  return { name, serial, firstUnit, units: bytes.subarray(start, slotBytes - ((slotBytes - start) % unitBytes)) }
}

/** Whether the bytes are those of a slot that is free, whatever stands behind the first one: it is written last. */
export function isFreeSlot(bytes: Buffer): boolean {
  return bytes[0] === 0
}

/** Units that were written, of all for which there is a place. */
export function countUnits(units: Buffer): number {
  let count = 0
  while ((count + 1) * unitBytes <= units.length && !isBlankUnit(units, count * unitBytes)) count++
  return count
}
