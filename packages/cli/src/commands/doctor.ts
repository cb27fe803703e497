import { diagnose } from '../doctor/diagnose.ts'
import { gatherFacts } from '../doctor/facts.ts'
import { recordsJson } from '../output/print.ts'
import { printable } from '../output/text-table.ts'
import { command, option, ownRows } from '../table/define.ts'
import { record, text } from '../table/record.ts'
import { counted, parseDuration } from '../values.ts'

const findingRow = record({
  severity: text('Severity'),
  fault: text('Fault'),
  subject: text('Subject'),
  cause: text('Cause'),
  advice: text('Advice'),
})

export const doctorCommand = command({
  name: 'doctor',
  about: 'Looks for what is wrong with a cluster, and says what to do.',
  details:
    'It looks for name servers that are gone or disagree, brokers that cannot be reached at the address that clients are told, of\none name or at one address, clocks that differ, full disks, client ids that are taken twice, members of a group that subscribe\nto different messages, groups without members or progress, dead letters that grow, and topics without consumers.\nThe exit code is 1 when clients fail, or soon will; 0 where somebody should only look.',
  example: 'rocketmq doctor\nrocketmq doctor --json',
  options: {
    wait: option({
      placeholder: 'duration',
      about: 'how long groups have time to go on',
      parse: parseDuration,
      fallback: 3000,
    }),
  },
  output: ownRows(findingRow),
  async run(session, { wait }) {
    const facts = await gatherFacts(session, wait)
    const findings = diagnose(facts)
    const { nameServers, brokers, groups } = facts
    if (session.isJson) await session.host.write(recordsJson(findingRow, findings))
    else {
      for (const { severity, subject, fault, cause, advice } of findings) {
        const lines = [`${severity}: ${subject} (${fault})`, `  cause: ${cause}`, `  to do: ${advice}`]
        await session.host.write(`${lines.map(printable).join('\n')}\n\n`)
      }
    }
    const seen = `looked at ${counted(nameServers.length, 'name server')}, ${counted(brokers.length, 'broker')} and ${counted(groups.length, 'group')}`
    session.note(
      findings.length === 0 ? `Nothing is wrong; ${seen}.` : `${counted(findings.length, 'finding')}; ${seen}.`,
    )
    return findings.some(({ severity }) => severity === 'error') ? 1 : 0
  },
})
