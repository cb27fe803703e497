import type { ServerProcess } from '../targets/target.ts'
import type { Prepared } from './state.ts'

/**
 * Replaces what two clusters in the same state cannot have in common: ids, times, addresses, folders. Anything else stays,
 * so that a missing row, key or column, a wrong count or a wrong text is a difference.
 */
export function neutral(prepared: Pick<Prepared, 'cluster' | 'ids'>, text: string): string {
  const { cluster, ids } = prepared
  let result = text.replaceAll(cluster.target.workFolder, '<folder>')
  const servers: [string, ServerProcess][] = [
    ...cluster.brokers.map((server): [string, ServerProcess] => [server.name, server]),
    ...cluster.nameServers.map((server, index): [string, ServerProcess] => [`namesrv-${index}`, server]),
  ]
  for (const [key, { uniqueId }] of ids) result = result.replaceAll(uniqueId, `<id of ${key}>`)
  for (const [name, server] of servers) {
    const port = Number(server.address.split(':')[1])
    // An offset message id begins with the broker's address and port; the offset after them must agree.
    const storeHost = `7F000001${port.toString(16).toUpperCase().padStart(8, '0')}`
    result = result.replaceAll(storeHost, `<${name} in hex>`).replaceAll(server.address, `<${name}>`)
    result = result.replaceAll(new RegExp(`\\b(listenPort\\s+=\\s+)${port}\\b`, 'g'), '$1<port>')
  }
  return (
    result
      // Unique ids of messages that mqadmin sent itself; they hold an IPv4 or an IPv6 address.
      .replaceAll(/\b[0-9A-F]{32}(?:[0-9A-F]{24})?\b/g, '<id>')
      .replaceAll(/\b\d{4}-\d\d-\d\d[ #]\d\d:\d\d:\d\d([,:]\d{3})?/g, '<time>')
      // Not the digits behind the point of a rate.
      .replaceAll(/(?<![.\d])1[6-9]\d{11}\b/g, '<time in ms>')
      // Ports of clients, which the system chooses.
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      // A client's stack trace says nothing about the servers; its messages with the response's code and remark do.
      .replaceAll(/^\s+(at \S.*|\.\.\. \d+ more)\n?/gm, '')
  )
}

/** For output whose rows come in the order of a hash table or of the brokers' registrations. */
export function sorted(text: string): string {
  return text.split('\n').sort().join('\n')
}

/** For a route's JSON, whose lists come in the order in which the brokers registered and whose integer keys have no quotes. */
export function sortedRoute(text: string): string {
  if (!text.trimStart().startsWith('{')) return text
  const route: Record<string, unknown> = JSON.parse(text.replaceAll(/^(\s*)(\d+):/gm, '$1"$2":'))
  for (const [key, value] of Object.entries(route)) {
    if (Array.isArray(value)) route[key] = value.sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1))
  }
  return JSON.stringify(route, undefined, 2)
}

/** `In TPS(queue size, wait)`, the timer's progress and the like of clusterList; version, activation and the forms stay. */
export function clusterRates(text: string): string {
  return text
    .replaceAll(/ +\d+\.\d+(?=\()/g, ' <rate>')
    .replaceAll(/\((\d+,\d+ms(\|\d+,\d+ms)?)\)/g, (_, load: string) => `(${load.replaceAll(/\d+/g, '#')})`)
    .replaceAll(/\d+-\d+\(\d+\.\dw, \d+\.\d, \d+\.\d\)/g, '#-#(#w, #, #)')
    .replaceAll(/ +\d+ +\d+\.\d\d +\d\.\d{4} +(?=true|false)/g, ' <wait> <hours> <space> ')
}

/** The rate after a `… TPS:`. */
export function namedRate(text: string): string {
  return text.replaceAll(/(TPS: )[\d.E-]+/g, '$1<rate>')
}

/** The TPS column of the list of groups. */
export function groupRates(text: string): string {
  return text.replaceAll(/(CLUSTERING|BROADCASTING)( +)\d+ +/g, '$1$2<rate> ')
}

const measured: [RegExp, RegExp, string][] = [
  [/Tps$/, /^[\d.E -]*$/, '<rates>'],
  [/^(commitLogDiskRatio.*|consumeQueueDiskRatio)$/, /^\d\.\d+$/, '<ratio>'],
  [/^commitLogDirCapacity$/, /[\d.]+/g, '#'],
  [/(EntireTimeMax|LockTimeMills|HeadWaitTimeMills|QueueSize|timerReadBehind)$/, /^\d+$/, '<n>'],
  [/^putLatency99/, /^\d+\.\d+$/, '<ms>'],
  [/^putMessageDistributeTime$/, /^(null|(\[\S+\]:\d+ )+)$/, '<distribution>'],
  [/^runtime$/, /\d+/g, '#'],
  [/^remainHowManyDataToFlush$/, /^[\d.]+ (B|KiB)$/, '<bytes>'],
]

/**
 * The values of brokerStatus that are rates, durations or sizes of the disk, each only when it has the form that such a
 * value has. Keys and all other values stay.
 */
export function statusRates(text: string): string {
  return text.replaceAll(
    /^((?:<[\w-]+> +)?)(\S+)( *: )(.*)$/gm,
    (_, broker: string, key: string, colon: string, value: string) => {
      let result = value
      for (const [keys, values, replacement] of measured) {
        if (keys.test(key)) result = result.replace(values, replacement)
      }
      return `${broker}${key}${colon}${result}`
    },
  )
}

/** Why a request is refused, in words: both sides name the same code. */
export function refusal(text: string): string {
  return text.replaceAll(/(CODE: \d+) +DESC:.*/g, '$1').replaceAll(/(not supported).*/g, '$1')
}

/** Times and places of what was sent to find out how long it takes. */
export function sendTimes(text: string): string {
  return text
    .replaceAll(/rt=\d+ms/g, 'rt=<ms>')
    .replaceAll(/(queueOffset=)\d+/g, '$1<n>')
    .replaceAll(/(offsetMsgId=)[^,\]]+/g, '$1<id>')
    .replaceAll(/^broker-[ab] +\d+( +(?:true|false)) +\d+ *$/gm, '<queue>$1 <ms>')
    .replaceAll(/Avg RT: .*/g, 'Avg RT: <ms>')
}

/**
 * What a client tells of itself. A Java client knows no offset of an empty queue until its first pull comes back, after some
 * seconds.
 */
export function runningInfo(text: string): string {
  return text
    .replaceAll(/(consumeTimestamp +: |Timestamp=)\d+/g, '$1<time>')
    .replaceAll(/ +(?=\d+\.\d+\b)/g, ' ')
    .replaceAll(/(?:\/0x[0-9a-f]+)?@[0-9a-f]{5,8}\b/g, '@<object>')
    .replaceAll(/\b\d+\.\d+\b/g, '<rate>')
    .replaceAll('commitOffset=-1', 'commitOffset=0')
    .replaceAll(/ -1 (?= *$)/gm, ' 0  ')
}

/** Rates and sums in a row of statsAll: within the first minutes a sum is that of the last minute. */
export function statisticsRates(text: string): string {
  return text
    .replaceAll(/ +\d+\.\d\d/g, ' <rate>')
    .replaceAll(
      /(<rate> +)\d+( +)(?:\d+|(NO_CONSUMER))$/gm,
      (_, rate, blanks, consumer) => `${rate}<n>${blanks}${consumer ?? '<n>'}`,
    )
    .replaceAll(/(<n>|<rate>) +/g, '$1 ')
}

/** Lines of JSON whose members come in any order. */
export function sortedMembers(text: string): string {
  return sorted(text.replaceAll(/,$/gm, ''))
}

/** An exported file, its members in order, without rates, ratios and counts of changes. */
export function exportedJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(exportedJson)
  if (typeof json !== 'object' || json === null) return json
  const members = Object.entries(json).map(([key, value]) => {
    if (/Tps$|Ratio$/.test(key) || /OneDay\w*Num$/.test(key)) return [key, '<n>'] as const
    if (key === 'counter' || key === 'groupSize') return [key, '<n>'] as const
    return [key, exportedJson(value)] as const
  })
  // A group that was deleted is there again at the official broker, as one that is made on use.
  return Object.fromEntries(
    members.filter(([key]) => key !== 'made-group').sort(([one], [other]) => (one < other ? -1 : 1)),
  )
}

/** Only these keys of a `key = value` list. */
export function onlyKeys(...keys: string[]): (text: string) => string {
  return (text) =>
    text
      .split('\n')
      .filter((line) => !line.includes(' = ') || keys.includes(line.split(/\s+=/)[0] ?? ''))
      .sort()
      .join('\n')
}
