package views

import "testing"

func bars(counts ...int) Chart {
	c := Chart{}
	for _, n := range counts {
		c.Bars = append(c.Bars, Bar{Count: n})
	}
	return c
}

func TestChartScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		chart     Chart
		step, top int
	}{
		{bars(), 1, 1},
		{bars(0, 0), 1, 1},
		{bars(1), 1, 1},
		{bars(4), 1, 4},
		{bars(5), 2, 6},
		{bars(34, 22), 10, 40},
		{bars(41), 20, 60},
		{bars(5000), 2000, 6000},
		{Chart{TickEvery: 25, Bars: bars(60).Bars}, 25, 75},
	} {
		if step, top := tickStep(c.chart), chartMax(c.chart); step != c.step || top != c.top {
			t.Errorf("%v: step %d top %d, want %d and %d", c.chart.Bars, step, top, c.step, c.top)
		}
	}
}

func TestChartColumnsFillThePlot(t *testing.T) {
	t.Parallel()
	columns := chartColumns(bars(0, 20, 40, 10))
	for i, want := range []struct {
		slot      string
		y, height int
	}{
		{"0.00%", chartHeight, 0},
		{"25.00%", chartHeight - (chartHeight-chartTop)/2, (chartHeight - chartTop) / 2},
		{"50.00%", chartTop, chartHeight - chartTop},
	} {
		if c := columns[i]; c.SlotX != want.slot || c.Y != want.y || c.Height != want.height || c.SlotWidth != "25.00%" {
			t.Errorf("column %d: %+v, want %+v", i, c, want)
		}
	}
	if ticks := chartTicks(bars(40)); len(ticks) != 5 || ticks[0].Y != chartHeight || ticks[4] != (tick{40, chartTop}) {
		t.Errorf("ticks %v", ticks)
	}
}

func TestBarWidth(t *testing.T) {
	t.Parallel()
	c := bars(97, 0)
	if got := barWidth(c, c.Bars[0]); got != "100.00%" {
		t.Error(got)
	}
	if got := barWidth(c, c.Bars[1]); got != "0.00%" {
		t.Error(got)
	}
	if got := barWidth(bars(0), Bar{}); got != "0.00%" {
		t.Error(got)
	}
}
