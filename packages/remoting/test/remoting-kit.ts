import { createNodePlatform, type Platform, silentLog } from '@rocketmq-ts/platform'
import { commands, type Role } from '@rocketmq-ts/protocol'
import {
  type CommandTable,
  RemotingClient,
  RemotingServer,
  type RemotingServerOptions,
  unsupported,
} from '../src/index.ts'

export const timeoutMs = 60_000

type Table = CommandTable<'name-server'>

/** A table of a role in which only the given commands are served. */
export function tableOf<As extends Role>(role: As, served: Partial<CommandTable<As>>): CommandTable<As> {
  const keys = Object.entries(commands).filter(([, command]) => (command.to as readonly string[]).includes(role))
  const others = keys.map(([key]) => [key, unsupported('not in this test')])
  return { ...(Object.fromEntries(others) as unknown as CommandTable<As>), ...served }
}

export interface RunningServer extends AsyncDisposable {
  readonly server: RemotingServer<'name-server'>
  readonly address: string
  readonly port: number
  readonly client: RemotingClient
}

export async function startServer(
  served: Partial<Table>,
  options: Partial<Omit<RemotingServerOptions<'name-server'>, 'table'>> = {},
  platform: Platform = createNodePlatform(),
): Promise<RunningServer> {
  const host = '127.0.0.1'
  const server = new RemotingServer<'name-server'>({
    host,
    port: 0,
    platform,
    log: silentLog,
    table: tableOf('name-server', served),
    ...options,
  })
  const { port } = await server.listen()
  const client = new RemotingClient(createNodePlatform())
  return {
    server,
    port,
    address: `${host}:${port}`,
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
      await server.close()
    },
  }
}

/**
 * Polls until a condition holds.
 * @param seen what to show when it does not
 */
export async function eventually(holds: () => boolean, what: string, seen?: () => unknown): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > deadline)
      throw new Error(`never happened: ${what}${seen === undefined ? '' : ` ${JSON.stringify(seen())}`}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
