import { beforeAll, describe, expect, it } from 'vitest'
import { announcedSeed, SeededRandom } from '../crash/seeded-random.ts'
import type { Rule } from '../soak/findings.ts'
import { runSoak, type SoakReport } from '../soak/soak-run.ts'

/** `INTEROP_SOAK_RESTARTS=200` for a longer one. `INTEROP_SOAK_SEED` repeats the choices of a run. */
const restarts = Number(process.env.INTEROP_SOAK_RESTARTS ?? 20)

function said(report: SoakReport): string {
  return report.findings.map(({ rule, detail }) => `${rule}: ${detail}`).join('\n')
}

describe(`clients, while brokers and name servers are ended and started again ${restarts} times,`, () => {
  let report: SoakReport
  beforeAll(
    async () => {
      const random = new SeededRandom(announcedSeed('INTEROP_SOAK_SEED'))
      report = await runSoak({ label: 'soak', random, restarts })
      const { acknowledged, kills, stops, duplicates, footprints } = report
      const memory = footprints.map(({ memoryBytes }) => Math.round(memoryBytes / 1024))
      console.info(
        `${kills} kills, ${stops} stops: ${acknowledged} messages, ${duplicates.storedAgain} of them stored once more; ` +
          `handled once more: ${JSON.stringify(duplicates.handledAgain)}; memory in KiB: ${memory.join(' ')}; ` +
          `handles at last: ${JSON.stringify(footprints.at(-1)?.handles)}`,
      )
    },
    900_000 + restarts * 15_000,
  )

  const holds = (...rules: Rule[]): void => {
    const broken = report.findings.filter(({ rule }) => rules.includes(rule))
    expect(broken, `${said(report)}\n${report.logTails}`).toEqual([])
  }

  it('lose nothing that was acknowledged', () => {
    expect(report.acknowledged).toBeGreaterThan(restarts * 20)
    expect(report.kills).toBeGreaterThan(0)
    holds('acknowledged message not handled', 'acknowledged message not read')
  })

  it('keep the order of keys, and readers that of queues', () => {
    holds('messages of a key out of order', 'reader out of order')
  })

  it('handle each message once when nothing happens any more', () => {
    holds('message handled again in calm')
  })

  it('take no more memory and hold no more handles from restart to restart', () => {
    holds('memory grows', 'handles grow')
  })

  it('close in time, and leave nothing that keeps their process alive', () => {
    holds('closing takes too long', 'process does not end')
  })
})

describe('a soak', () => {
  it('finds what clients forget, mix up and leak', async () => {
    const random = new SeededRandom(announcedSeed('INTEROP_SOAK_SEED'))
    const defects = [
      'forgets messages',
      'mixes up keys',
      'handles messages twice',
      'leaks clients',
      'leaks memory',
    ] as const
    const report = await runSoak({ label: 'soak-defects', random, restarts: 5, defects })
    const found = new Set(report.findings.map(({ rule }) => rule))
    const wanted: Rule[] = [
      'acknowledged message not handled',
      'message handled again in calm',
      'messages of a key out of order',
      'memory grows',
      'handles grow',
      'process does not end',
    ]
    expect([...found], said(report)).toEqual(expect.arrayContaining(wanted))
  })
})
