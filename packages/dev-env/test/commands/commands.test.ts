import { type AnyCommand, commands, responseCodeName } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { areas } from './areas.ts'
import { type CommandKey, type Proof, type ProofIn, Scene } from './scene.ts'

const proven = Object.values(areas).flatMap((promises) => Object.keys(promises) as CommandKey[])

/** What success and nothing else is the promise of. */
const idleCommands: readonly CommandKey[] = ['cleanExpiredConsumequeue', 'popRollback', 'resetMasterFlushOffset']

const proofIn = (proof: Proof | ProofIn): ProofIn => (typeof proof === 'function' ? { options: {}, proof } : proof)

/** Whether a promise is seen to be broken where a command says success and does nothing. */
async function isSeenBroken(promise: ProofIn, idle: AnyCommand): Promise<boolean> {
  const scene = await Scene.start(promise.options, idle)
  return await promise.proof(scene).then(
    () => false,
    () => true,
  )
}

for (const [area, promises] of Object.entries(areas)) {
  for (const [key, proofs] of Object.entries(promises)) {
    const command: AnyCommand = commands[key as CommandKey]
    describe(`${area}: ${command.name}`, () => {
      for (const [promise, proof] of Object.entries(proofs)) {
        test(promise, async () => {
          const { options, proof: show } = proofIn(proof)
          const scene = await Scene.start(options)
          await show(scene)
          expect(scene.answeredCount(command), `answers to ${command.name}`).toBeGreaterThan(0)
        })
      }
    })
  }
}

describe('promises of a command that says success and does nothing are broken', () => {
  for (const promises of Object.values(areas)) {
    for (const [key, proofs] of Object.entries(promises)) {
      if (idleCommands.includes(key as CommandKey)) continue
      const command: AnyCommand = commands[key as CommandKey]
      test(command.name, async () => {
        for (const proof of Object.values(proofs)) if (await isSeenBroken(proofIn(proof), command)) return
        expect.fail(`no promise of ${command.name} is broken when nothing is done`)
      })
    }
  }
})

describe('each command that is served has its promises here', () => {
  // A server that serves a command answers a request without fields otherwise, whatever it says.
  const servedBy = async (to: 'broker' | 'name-server'): Promise<string[]> => {
    const { broker, nameServer } = await Scene.start()
    const served: string[] = []
    for (const [key, command] of Object.entries(commands) as [CommandKey, AnyCommand][]) {
      if (!command.to.includes(to)) continue
      const answer = await (to === 'broker' ? broker : nameServer).call(command, {})
      if (responseCodeName(answer.code) !== 'REQUEST_CODE_NOT_SUPPORTED') served.push(key)
    }
    return served.sort()
  }
  const provenTo = (to: 'broker' | 'name-server') =>
    proven.filter((key) => (commands[key] as AnyCommand).to.includes(to)).sort()

  test('by a broker', async () => {
    expect(provenTo('broker')).toEqual(await servedBy('broker'))
  })

  test('by a name server', async () => {
    expect(provenTo('name-server')).toEqual(await servedBy('name-server'))
  })
})
