/* Reads iCalendar files with libical and prints "file start end summary" an event, in UTC. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print(struct icaltimetype t)
{
    char text[32];
    time_t at = icaltime_as_timet_with_zone(t, t.zone);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ ", gmtime(&at));
    fputs(text, stdout);
}

static char *line(char *s, size_t size, void *f)
{
    return fgets(s, (int)size, f);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "r");
        if (f == NULL)
            return perror(argv[i]), 1;
        icalparser *parser = icalparser_new();
        icalparser_set_gen_data(parser, f);
        icalcomponent *calendar = icalparser_parse(parser, line);
        if (calendar == NULL || icalcomponent_count_errors(calendar) > 0)
            return fprintf(stderr, "%s: %d errors\n", argv[i], calendar ? icalcomponent_count_errors(calendar) : -1), 1;
        for (icalcomponent *e = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); e != NULL;
             e = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
            printf("%s ", argv[i]);
            print(icalcomponent_get_dtstart(e));
            print(icalcomponent_get_dtend(e));
            puts(icalcomponent_get_summary(e));
        }
        icalcomponent_free(calendar);
        icalparser_free(parser);
        fclose(f);
    }
    return 0;
}
