import { connect } from 'node:net'
import { patienceMs } from './deadline.ts'

/** A response to {@link request}; `extFields` is empty when the response has none. */
export interface ProbeResponse {
  code: number
  remark: string | undefined
  extFields: Record<string, string>
  body: Buffer
}

export interface BrokerData {
  cluster: string
  brokerName: string
  /** By broker id, `0` for the master. */
  brokerAddrs: Record<string, string>
}

/** Body of the response to GET_BROKER_CLUSTER_INFO (106). */
export interface ClusterInfo {
  brokerAddrTable: Record<string, BrokerData>
  clusterAddrTable: Record<string, string[]>
}

let nextOpaque = 1

/**
 * Sends one request on a connection of its own and awaits the response. Frame: int length of the rest, int header length
 * (top byte: header form, 0 for JSON), header, body.
 * @param address host:port
 * @throws Error when the connection fails or no response came in time
 */
export function request(
  address: string,
  code: number,
  options: { extFields?: Record<string, string>; body?: Buffer; timeoutMs?: number } = {},
): Promise<ProbeResponse> {
  const { extFields = {}, body = Buffer.alloc(0), timeoutMs = patienceMs } = options
  const opaque = nextOpaque++
  const header = Buffer.from(
    JSON.stringify({
      code,
      language: 'JAVA',
      version: 513,
      opaque,
      flag: 0,
      extFields,
      serializeTypeCurrentRPC: 'JSON',
    }),
  )
  const lengths = Buffer.alloc(8)
  lengths.writeInt32BE(4 + header.length + body.length, 0)
  lengths.writeInt32BE(header.length, 4)
  const separator = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, separator), port: Number(address.slice(separator + 1)) })
  return new Promise<ProbeResponse>((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => socket.destroy(new Error(`no response from ${address} to ${code}`)), timeoutMs)
    socket.on('connect', () => socket.write(Buffer.concat([lengths, header, body])))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const response = readResponse(received, opaque)
      if (response !== undefined) {
        resolve(response)
        socket.destroy()
      }
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      reject(new Error(`${address} closed the connection without a response to ${code}`))
    })
  })
}

function readResponse(received: Buffer, opaque: number): ProbeResponse | undefined {
  if (received.length < 8) return undefined
  const end = 4 + received.readInt32BE(0)
  if (received.length < end) return undefined
  const headerLength = received.readInt32BE(4) & 0xffffff
  const header = JSON.parse(received.toString('utf8', 8, 8 + headerLength))
  if (header.opaque !== opaque) throw new Error(`response to ${header.opaque}, asked ${opaque}`)
  return {
    code: header.code,
    remark: header.remark,
    extFields: header.extFields ?? {},
    body: received.subarray(8 + headerLength, end),
  }
}

/** The cluster as a name server knows it. */
export async function getClusterInfo(nameServerAddress: string): Promise<ClusterInfo> {
  const response = await request(nameServerAddress, 106)
  if (response.code !== 0) throw new Error(`cluster info: code ${response.code}, ${response.remark}`)
  return JSON.parse(quoteIntegerKeys(response.body.toString('utf8')))
}

/** Java peers write maps with integer keys as `{0:"…"}`. Strings are matched whole so that nothing in them changes. */
export function quoteIntegerKeys(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|(?<=[{,]\s*)-?\d+(?=\s*:)/g, (match) =>
    match.startsWith('"') ? match : `"${match}"`,
  )
}
