import { expect, test } from 'vitest'
import { formatSteadyMarkdown, type SteadyRun, sampleHead, sampleLine } from '../../src/steady/report.ts'
import { type GeneratorSample, toSample } from '../../src/steady/sample.ts'
import { judgeSteadiness } from '../../src/steady/verdicts.ts'
import { madeSamples, tenMinutes } from './made-samples.ts'

const nothing = { messages: 0, requests: 0, bytes: 0, errors: 0, latency: { subBucketBits: 7, counts: [], maxNs: 0 } }

test('a line of the generator becomes rates, milliseconds, megabytes and cores', () => {
  const raw: GeneratorSample = {
    fromSeconds: 30,
    seconds: 5,
    farBehind: true,
    sends: { ...nothing, messages: 500, latency: { subBucketBits: 7, counts: [200, 500], maxNs: 200 } },
    tail: { ...nothing, messages: 490 },
    far: { ...nothing, messages: 1000, restarts: 2, errors: 1, firstError: 'code 2: busy' },
    servers: [{ cpuSeconds: 4, rssBytes: 2e8, anonymousBytes: 1e8 }],
    generatorCpuSeconds: 3,
  }
  expect(toSample(raw, { heapUsed: 3e7, external: 4e7 })).toEqual({
    fromSeconds: 30,
    seconds: 5,
    farBehind: true,
    rate: 100,
    p50Ms: 0.0002,
    p99Ms: 0.0002,
    p999Ms: 0.0002,
    tailRate: 98,
    tailP50Ms: undefined,
    tailP99Ms: undefined,
    farRate: 200,
    farRestarts: 2,
    rssMb: 200,
    anonymousMb: 100,
    heapMb: 30,
    externalMb: 40,
    brokerCores: 0.8,
    generatorCores: 0.6,
    errors: 1,
    firstError: 'code 2: busy',
  })
})

test('lines of samples are as wide as their head, and name refusals', () => {
  const [sample] = madeSamples()
  expect(sampleLine(sample!)).toHaveLength(sampleHead().length)
  expect(sampleLine({ ...sample!, errors: 3, firstError: 'code 2' })).toContain('3 refused: code 2')
})

test('the page has each verdict, each phase after the warm-up, and what the load generator took', () => {
  const samples = madeSamples((sample) => (sample.farBehind ? { rate: 1000, tailRate: 1000 } : {}))
  const run: SteadyRun = {
    machine: {
      processor: 'Some',
      cores: 2,
      memoryGb: 8,
      system: 'Linux 6',
      node: 'v24',
      java: undefined,
      heapMb: 2048,
    },
    target: 'ours',
    startedAt: '2026-01-01T00:00:00.000Z',
    otherLoad: 3,
    plan: tenMinutes,
    verdicts: judgeSteadiness(samples, tenMinutes),
    samples,
  }
  const page = formatSteadyMarkdown(run)
  expect(page).toContain('| sends with others far behind: rate is at least 0.85 x that without | 0.01x')
  expect(page.match(/BROKEN/g)).toHaveLength(1)
  expect(page.match(/^\| \d+ \| (yes|no) /gm)).toHaveLength(18)
  expect(page).toContain('without consumers far behind, the load generator used 0.80 and the broker 1.00 of 2 cores')
  expect(page).toContain('the machine had other work when the run began')
})
