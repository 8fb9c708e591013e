package views

import "strconv"

// Heights in px. The plot has room above for a value and below for a label.
const (
	chartTop    = 20
	chartHeight = 192
)

// tick is one grid line of a columns chart; Y in px from the top.
type tick struct{ Value, Y int }

// column is a Bar with its place: X, widths and Middle in percent of the plot,
// Y and Height in px, so that the chart is fluid while its text keeps its size.
type column struct {
	Bar
	SlotX, SlotWidth, X, Width, Middle string
	Y, Height                          int
}

func chartTicks(c Chart) []tick {
	step := tickStep(c)
	top := chartMax(c)
	ticks := make([]tick, 0, top/step+1)
	for v := 0; v <= top; v += step {
		ticks = append(ticks, tick{Value: v, Y: chartY(v, top)})
	}
	return ticks
}

func chartColumns(c Chart) []column {
	top := chartMax(c)
	slot := 100 / float64(max(len(c.Bars), 1))
	columns := make([]column, 0, len(c.Bars))
	for i, b := range c.Bars {
		left := slot * float64(i)
		y := chartY(b.Count, top)
		columns = append(columns, column{
			Bar:   b,
			SlotX: percent(left), SlotWidth: percent(slot),
			X: percent(left + slot*0.15), Width: percent(slot * 0.7),
			Middle: percent(left + slot/2),
			Y:      y, Height: chartHeight - y,
		})
	}
	return columns
}

func chartY(value, top int) int {
	return chartHeight - (chartHeight-chartTop)*value/top
}

// chartMax is the value of the topmost grid line, never 0.
func chartMax(c Chart) int {
	step := tickStep(c)
	return max((largest(c)+step-1)/step, 1) * step
}

// tickStep is 1, 2 or 5 times a power of ten, so that about four lines are drawn.
func tickStep(c Chart) int {
	if c.TickEvery > 0 {
		return c.TickEvery
	}
	for unit := 1; ; unit *= 10 {
		for _, m := range []int{1, 2, 5} {
			if m*unit*4 >= largest(c) {
				return m * unit
			}
		}
	}
}

func largest(c Chart) int {
	top := 0
	for _, b := range c.Bars {
		top = max(top, b.Count)
	}
	return top
}

func barWidth(c Chart, b Bar) string {
	return percent(100 * float64(b.Count) / float64(max(largest(c), 1)))
}

func percent(f float64) string {
	return strconv.FormatFloat(f, 'f', 2, 64) + "%"
}
