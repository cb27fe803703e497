import { defineConfig } from 'vitepress'

const page = (text, name) => ({ text, link: `/${name}` })

/** The site of this folder's pages. The build fails at a link to a page that is not there. */
export default defineConfig({
  title: 'rocketmq-ts',
  description: 'Apache RocketMQ in TypeScript: name server, durable broker, client, and a broker inside your test',
  lang: 'en',
  srcExclude: ['node_modules/**'],
  cacheDir: 'node_modules/.cache/vitepress',
  cleanUrls: true,
  // Files of the repository that are no pages.
  ignoreDeadLinks: [/^(\.\/)?\.\.\//, /\/(packages|packaging|interop|apps)\//],
  markdown: {
    config(markdown) {
      const { text, code_inline: code } = markdown.renderer.rules
      // Braces of the text are no expressions of Vue. Names of requests may end a line behind an underscore, so that tables
      // have room for what is said of them.
      markdown.renderer.rules.text = (...args) =>
        text(...args)
          .replaceAll('{{', '&#123;&#123;')
          .replaceAll(/(?<=[A-Z0-9])_(?=[A-Z])/g, '_<wbr>')
      // Paths and variables too.
      markdown.renderer.rules.code_inline = (...args) =>
        code(...args).replace(/>[^<]*</, (shown) => shown.replaceAll(/(?<=\w)[/_](?=\w)/g, '$&<wbr>'))
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Quick start', 'quick-start'), page('Messages', 'messages'), page('SDK', 'reference/client/')],
    sidebar: [
      {
        text: 'Guide',
        items: [
          page('Quick start', 'quick-start'),
          page('Concepts', 'concepts'),
          page('Kinds of messages', 'messages'),
          page('Messages that are stored once', 'idempotent-producers'),
          page('Light queues and lite topics', 'lite-topics'),
          page('Static topics', 'static-topics'),
          page('Tests with a broker inside', 'testing'),
        ],
      },
      {
        text: 'Coming from',
        items: [
          page('the official clients', 'from-official-clients'),
          page('Kafka', 'from-kafka'),
          page('BullMQ', 'from-bullmq'),
        ],
      },
      {
        text: 'Running it',
        items: [
          page('Operations', 'operations'),
          page('Reliability', 'reliability'),
          page('Performance', 'performance'),
          page('What made it fast', 'performance-lessons'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('SDK', 'reference/client/'),
          page('Broker for tests', 'reference/testing/'),
          page('Commands', 'cli'),
          page('Commands of mqadmin', 'mqadmin'),
          page('Settings', 'settings'),
          page('Requests', 'features'),
        ],
      },
    ],
  },
})
