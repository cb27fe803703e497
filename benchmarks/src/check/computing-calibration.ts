/**
 * Processor time of a fixed piece of work of the kind that a broker does, in microseconds a round: a header parsed, bytes
 * written and copied, a map asked. Figures divided by it can be compared between machines.
 */
export function calibrateComputing(rounds = 60_000): number {
  const header =
    '{"code":310,"extFields":{"a":"group","b":"Topic","c":"TBW102","d":"4","e":"1","f":"0","g":"1700000000000","h":"0",' +
    '"i":"UNIQ_KEY\\u00017F000001000000000000000000000000\\u0002","j":"0","k":"false"},"flag":0,"language":"JAVA","opaque":7}'
  const source = Buffer.from(header)
  const record = Buffer.alloc(512)
  const offsets = new Map<string, number>()
  for (let queue = 0; queue < 64; queue++) offsets.set(`Topic@${queue}`, 0)
  const before = process.cpuUsage()
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const parsed = JSON.parse(source.toString('utf8')) as { extFields: Record<string, string>; opaque: number }
    const key = `${parsed.extFields.b}@${round & 63}`
    const offset = offsets.get(key) ?? 0
    offsets.set(key, offset + 1)
    record.writeInt32BE(parsed.opaque, 0)
    record.writeBigInt64BE(BigInt(offset), 4)
    source.copy(record, 16)
    sum += record.readInt32BE(0) + record[40]!
  }
  const used = process.cpuUsage(before)
  // The sum is looked at so that no compiler may leave the work out.
  if (!Number.isFinite(sum)) throw new Error('unreachable: a sum of bytes')
  return (used.user + used.system) / rounds
}
