import { atRestart, boolean, int, live, long, notServed, oneOf, text } from '@rocketmq-ts/settings'

export const metricsSettings = notServed('Metrics', 'metrics are not exported yet', {
  metricsExporterType: atRestart(
    oneOf(['DISABLE', 'OTLP_GRPC', 'PROM', 'LOG']),
    'DISABLE',
    'Where metrics go: nowhere, to a collector, to Prometheus, to the log.',
  ),
  metricsPromExporterHost: atRestart(text, '', 'Address at which Prometheus finds them.'),
  metricsPromExporterPort: atRestart(int({ max: 65_535 }), 5557, 'Port at which Prometheus finds them.'),
  metricsGrpcExporterTarget: atRestart(text, '', 'Collector that they are sent to.'),
  metricsGrpcExporterHeader: atRestart(text, '', 'Headers for the collector, name:value separated by commas.'),
  metricGrpcExporterTimeOutInMills: atRestart(long({ unit: 'ms' }), 3000, 'Milliseconds that the collector has.'),
  metricGrpcExporterIntervalInMills: atRestart(
    long({ unit: 'ms' }),
    60_000,
    'Milliseconds between two of its reports.',
  ),
  metricLoggingExporterIntervalInMills: atRestart(
    long({ unit: 'ms' }),
    10_000,
    'Milliseconds between two reports in the log.',
  ),
  metricsLabel: atRestart(text, '', 'Labels of all metrics, name:value separated by commas.'),
  metricsInDelta: atRestart(boolean, false, 'Reports changes instead of sums.'),
  metricsOtelCardinalityLimit: atRestart(int(), 50_000, 'Label combinations of a metric.'),
  metricsExportBatchMaxDataPoints: atRestart(int(), 1000, 'Values in one report.'),
  enablePopMetrics: live(boolean, true, 'Metrics of POP.'),
})
