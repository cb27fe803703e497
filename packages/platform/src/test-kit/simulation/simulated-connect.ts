import type { Address, Connection } from '../../network.ts'
import type { NetworkHost, NetworkUser } from './network-parts.ts'
import { SimulatedSocket } from './simulated-socket.ts'

/** The handshake of a connection, from the side that asks for it. */
export function connectTo(
  host: NetworkHost,
  user: NetworkUser,
  address: Address,
  timeoutMs: number,
): Promise<Connection> {
  const { network } = host
  const isLoopback = address.host === 'localhost' || address.host.startsWith('127.')
  const target = isLoopback ? host : network.hostAt(address.host)
  return new Promise((resolve, reject) => {
    let isOver = false
    const isWanted = (): boolean => !isOver && user.isAlive
    const end = (act: () => void): void =>
      user.enter(() => {
        if (isOver) return
        isOver = true
        cancel()
        act()
      })
    const refuse = (code: string): void =>
      end(() => {
        const message = `connect ${code} ${address.host}:${address.port}`
        reject(Object.assign(new Error(message), { code }))
      })
    const cancel = network.clock.after(timeoutMs, () =>
      end(() => reject(new Error(`connecting to ${address.host}:${address.port} took longer than ${timeoutMs} ms`))),
    )
    if (target === undefined) {
      network.clock.after(network.latencyMs(), () => refuse('ENOTFOUND'))
      return
    }
    // The way there, the way back, and a confirmation that comes before everything that is sent.
    network.carry(host, target, isWanted, () => {
      const isRefused = target.refusesConnections || target.listenerAt(address.port)?.takesFrom(host) !== true
      network.carry(target, host, isWanted, () => {
        if (isRefused) refuse('ECONNREFUSED')
        else {
          end(() => {
            const local = { host: host.address, port: host.takePort() }
            const client = new SimulatedSocket(host, user, local, { host: target.address, port: address.port })
            client.connect(target)
            resolve(client)
          })
        }
      })
    })
  })
}
