/* Draws how much of each target was used, as bars in one SVG that reads on light and on dark pages. */
#include <stdio.h>
#include <string.h>

#include "report.h"

#define WIDTH 860
#define LABELS 340 /* where the bars begin */
#define SCALE 300  /* the width of a bar that is just at its target */
#define MOST 1.25  /* longer bars are cut here */
#define TOP 58
#define STEP 44
#define BAR 16

static const char style[] = "<style>"
			    "text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:12px;fill:#59636e}"
			    ".title{font-size:15px;font-weight:600}.met{fill:#2a7f9e}.missed{fill:#c4602b}"
			    ".line{stroke:#1f2328;stroke-dasharray:4 3}.back{fill:#d1d9e0;fill-opacity:.45}"
			    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.small{fill:#9198a1}.met{fill:#58b2d1}"
			    ".missed{fill:#e58a55}.line{stroke:#f0f6fc}.back{fill:#3d444d}}"
			    "</style>\n";

/* How much of what is allowed was used: 1 is just at the target. */
static double used(const struct figure *f)
{
	double value = figure_value(f);

	if (f->at_least)
		return value > 0 ? f->target / value : MOST;
	return value / f->target;
}

static void text_write(FILE *out, int x, int y, const char *class, const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	for (; *text; text++) {
		if (*text == '&' || *text == '<' || *text == '>')
			fprintf(out, "&#%d;", *text);
		else
			fputc(*text, out);
	}
	fputs("</text>\n", out);
}

static void bar_write(FILE *out, const struct figure *f, int y)
{
	double share = used(f), shown = share < MOST ? share : MOST;
	char text[160];

	text_write(out, 12, y + 13, "", f->what);
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" class=\"back\"/>\n", LABELS, y, SCALE,
		BAR);
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\" class=\"%s\"/>\n", LABELS, y,
		shown * SCALE, BAR, figure_met(f) ? "met" : "missed");
	if (f->against)
		snprintf(text, sizeof(text), "%.2f x %s, %s %.2f", figure_value(f), f->against,
			 f->at_least ? "at least" : "at most", f->target);
	else
		snprintf(text, sizeof(text), "%.4g %s, at most %.4g", f->ours < 0.01 ? 0 : f->ours, f->unit, f->target);
	text_write(out, LABELS + 8, y + BAR + 14, "small", text);
	if (!figure_met(f))
		text_write(out, LABELS + (int)(MOST * SCALE) + 10, y + 13, "small", "missed");
}

static int targets_count(const struct figure *figures, size_t count)
{
	int n = 0;

	for (size_t i = 0; i < count; i++)
		n += figures[i].target > 0;
	return n;
}

void chart_write(const char *path)
{
	size_t count;
	const struct figure *figures = figures_all(&count);
	int height = TOP + targets_count(figures, count) * STEP + 12, y = TOP;
	FILE *out = fopen(path, "w");

	if (!out)
		bench_fail("cannot write %s", path);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		WIDTH, height, WIDTH, height);
	fputs(style, out);
	text_write(out, 12, 24, "title", "How much of each target is used");
	text_write(out, LABELS + SCALE - 40, 44, "small", "the target");
	for (size_t i = 0; i < count; i++) {
		if (figures[i].target <= 0)
			continue;
		bar_write(out, &figures[i], y);
		y += STEP;
	}
	fprintf(out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"line\"/>\n</svg>\n", LABELS + SCALE,
		TOP - 8, LABELS + SCALE, height - 8);
	if (fclose(out) != 0)
		bench_fail("cannot write %s", path);
}
