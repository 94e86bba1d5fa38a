/** Only those parts of ECharts that the figures need: bars and lines on a canvas. */
import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { EChartsCoreOption } from 'echarts/core'

echarts.use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  TooltipComponent,
])

export type Option = EChartsCoreOption
export type Chart = echarts.ECharts
export const makeChart = (element: HTMLElement): Chart => echarts.init(element, null, { renderer: 'canvas' })

/** The theme's colours, as the page has them at the moment. */
export interface Colours {
  ink: string
  soft: string
  faint: string
  line: string
  surface: string
  accent: string
  wash: string
  calm: string
  amber: string
  red: string
}

const TOKENS: Record<keyof Colours, string> = {
  ink: '--ink',
  soft: '--ink-soft',
  faint: '--ink-faint',
  line: '--line',
  surface: '--raised',
  accent: '--accent',
  wash: '--line-strong',
  calm: '--calm',
  amber: '--amber',
  red: '--red',
}

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element)
  const entries = Object.entries(TOKENS).map(([name, token]) => [name, style.getPropertyValue(token).trim()])
  return Object.fromEntries(entries) as unknown as Colours
}

/** A line of figures with one value for each label; null leaves a gap. */
export interface Series {
  name: string
  values: readonly (number | null)[]
}

export interface Plot {
  labels: readonly string[]
  /** The first is what counts; the others are what it is compared with. */
  series: readonly Series[]
  say: (value: number) => string
  description: string
}

/** The letters of the page: their family, and their size in px. */
export interface Letters {
  fontFamily: string
  fontSize: number
}

export function lettersOf(element: Element): Letters {
  const { fontFamily, fontSize } = getComputedStyle(element)
  return { fontFamily, fontSize: Number.parseFloat(fontSize) }
}

/** What every chart has. The tooltip is drawn on the canvas: the content security policy allows no inline style. */
function common(plot: Plot, colours: Colours, letters: Letters): Option {
  return {
    animation: false,
    textStyle: { ...letters, color: colours.soft },
    aria: { enabled: true, label: { description: plot.description } },
    legend: {
      top: 0,
      right: 0,
      itemWidth: 14,
      itemHeight: 8,
      icon: 'roundRect',
      textStyle: { ...letters, color: colours.soft },
      show: plot.series.length > 1,
    },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      axisPointer: { type: 'shadow', shadowStyle: { color: colours.line, opacity: 0.45 } },
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { ...letters, color: colours.ink },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? plot.say(value) : '—'),
    },
  }
}

function axes(colours: Colours, { fontSize }: Letters) {
  return {
    label: { axisLabel: { color: colours.faint, fontSize }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } },
    value: { axisLabel: { color: colours.faint, fontSize }, splitLine: { lineStyle: { color: colours.line } } },
  }
}

/** Bars for what counts, lines for what it is compared with. */
export function overTime(plot: Plot, colours: Colours, letters: Letters): Option {
  const axis = axes(colours, letters)
  const [first, ...others] = plot.series
  const strokes = [
    { color: colours.amber, width: 2, type: 'solid' },
    { color: colours.calm, width: 2, type: 'dashed' },
  ]
  return {
    ...common(plot, colours, letters),
    grid: { left: 4, right: 8, top: 3 * letters.fontSize, bottom: 0, containLabel: true },
    xAxis: { type: 'category', data: plot.labels, ...axis.label },
    yAxis: { type: 'value', minInterval: 1, ...axis.value, axisLabel: { ...axis.value.axisLabel, formatter: plot.say } },
    series: [
      { type: 'bar', name: first?.name, data: first?.values, itemStyle: { color: colours.accent, borderRadius: [3, 3, 0, 0] }, barMaxWidth: 26 },
      ...others.map((each, at) => ({
        type: 'line',
        name: each.name,
        data: each.values,
        symbol: at === 0 ? 'circle' : 'diamond',
        symbolSize: 5,
        lineStyle: strokes[at],
        itemStyle: { color: strokes[at]?.color },
      })),
    ],
  }
}

/** A bar for each label, side by side with what it is compared with; labels down the left. */
export function byLabel(plot: Plot, colours: Colours, letters: Letters): Option {
  const axis = axes(colours, letters)
  const fills = [colours.accent, colours.wash]
  return {
    ...common(plot, colours, letters),
    grid: { left: 8, right: 5 * letters.fontSize, top: plot.series.length > 1 ? 3 * letters.fontSize : 6, bottom: 4, containLabel: true },
    xAxis: { type: 'value', axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: { type: 'category', inverse: true, data: plot.labels, ...axis.label, axisLabel: { ...axis.label.axisLabel, color: colours.soft, width: 13 * letters.fontSize, overflow: 'truncate' } },
    series: plot.series.map((each, at) => ({
      type: 'bar',
      name: each.name,
      data: each.values,
      itemStyle: { color: fills[at], borderRadius: [0, 3, 3, 0] },
      barMaxWidth: 2 * letters.fontSize,
      barGap: '20%',
      label: {
        show: true,
        fontSize: letters.fontSize,
        position: 'right',
        color: at === 0 ? colours.ink : colours.faint,
        formatter: ({ value }: { value: unknown }) => (typeof value === 'number' ? plot.say(value) : ''),
      },
    })),
  }
}
