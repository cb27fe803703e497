/**
 * Imports point to the left only:
 * base <- platform <- protocol <- {settings, remoting, storage, filter} <- {name-server, broker} <- apps; remoting <- client;
 * {name-server, broker, client} <- testing; client <- cli <- apps.
 * `dev-env` is for tests: nothing of the product imports it.
 */
const layers = {
  base: [],
  platform: ['base'],
  protocol: ['base'],
  settings: ['base', 'platform', 'protocol'],
  remoting: ['base', 'platform', 'protocol'],
  storage: ['base', 'platform', 'protocol'],
  client: ['base', 'platform', 'protocol', 'remoting'],
  cli: ['base', 'protocol', 'client'],
  filter: ['base', 'platform', 'protocol'],
  'name-server': ['base', 'platform', 'protocol', 'remoting', 'settings'],
  broker: ['base', 'platform', 'protocol', 'remoting', 'settings', 'storage', 'filter'],
  testing: ['platform', 'protocol', 'remoting', 'settings', 'name-server', 'broker', 'client'],
  'dev-env': ['base', 'platform', 'protocol', 'remoting', 'settings', 'storage', 'filter', 'name-server', 'broker'],
}

const layerRules = Object.entries(layers).map(([name, allowed]) => ({
  name: `layer-${name}`,
  comment: `packages/${name} may import ${allowed.length === 0 ? 'no other package' : allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^packages/${name}/src` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/src` },
}))

/** Files, sockets, timers and randomness are touched by platform and apps only. */
const outsideWorld =
  '^(node:)?(fs|fs/promises|net|tls|dgram|http|https|http2|timers|timers/promises|os|child_process|worker_threads)$'

export default {
  forbidden: [
    ...layerRules,
    {
      name: 'outside-world',
      comment: 'Only platform and apps touch files, sockets, timers and processes: everything else is given interfaces',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/platform/' },
      to: { path: outsideWorld, dependencyTypes: ['core'] },
    },
    {
      name: 'package-interiors',
      comment: 'A package is imported by its name, not by a path into it',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: {
        path: '^packages/([^/]+)/src/(?!index\\.ts$|(test-kit|checkers|raw)/index\\.ts$)',
        pathNot: '^packages/$2/',
      },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-dev-env-in-apps', severity: 'error', from: { path: '^apps' }, to: { path: '^packages/dev-env/' } },
    { name: 'nothing-imports-apps', severity: 'error', from: { path: '^packages' }, to: { path: '^apps' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/test/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
