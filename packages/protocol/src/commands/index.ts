/** Every command of RocketMQ 5.5.0, by name. */

import type { AnyCommand, Role } from '../define-command.ts'
import * as authorization from './authorization.ts'
import * as brokerAdministration from './broker-administration.ts'
import * as clients from './clients.ts'
import * as controller from './controller.ts'
import * as groups from './groups.ts'
import * as lite from './lite.ts'
import * as nameServer from './name-server.ts'
import * as offsets from './offsets.ts'
import * as pop from './pop.ts'
import * as reading from './reading.ts'
import * as replication from './replication.ts'
import * as retired from './retired.ts'
import * as sending from './sending.ts'
import * as topics from './topics.ts'
import * as transactions from './transactions.ts'

export const commands = {
  ...authorization,
  ...brokerAdministration,
  ...clients,
  ...controller,
  ...groups,
  ...lite,
  ...nameServer,
  ...offsets,
  ...pop,
  ...reading,
  ...replication,
  ...retired,
  ...sending,
  ...topics,
  ...transactions,
} as const

type CommandOf<Key extends keyof typeof commands> = (typeof commands)[Key]

/** Keys of `commands` that a server of this role can get. */
export type CommandKeyTo<To extends Role> = {
  [Key in keyof typeof commands]: To extends CommandOf<Key>['to'][number] ? Key : never
}[keyof typeof commands]

const commandByCode = new Map<number, AnyCommand>(Object.values(commands).map((command) => [command.code, command]))

/** The declaration of a request code, or undefined when RocketMQ has no such code. */
export function commandOfCode(code: number): AnyCommand | undefined {
  return commandByCode.get(code)
}
