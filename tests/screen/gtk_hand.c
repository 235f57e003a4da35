/* The tests' hand in other programs: a small window that a folder is dragged from, and a look at what is selected.
 *
 *   gtk_hand drag URI   shows the window at the screen's lower right and says what happens to it, a line each
 *   gtk_hand selected   says what is selected on the screen (X11's primary selection)
 */
#include <gtk/gtk.h>
#include <stdio.h>
#include <string.h>

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void give(GtkWidget *widget, GdkDragContext *context, GtkSelectionData *data, guint info, guint time, gpointer uri) {
    (void)widget, (void)context, (void)info, (void)time;
    gchar *uris[] = {uri, NULL};
    gtk_selection_data_set_uris(data, uris);
}

static void begun(GtkWidget *widget, GdkDragContext *context, gpointer data) {
    (void)widget, (void)context, (void)data;
    say("begun");
}

static void ended(GtkWidget *widget, GdkDragContext *context, gpointer data) {
    (void)widget, (void)context, (void)data;
    say("ended");
}

static gboolean painted(GtkWidget *widget, gpointer cairo, gpointer data) {
    (void)widget, (void)cairo, (void)data;
    static gboolean told = FALSE;
    if (!told) say("painted");
    told = TRUE;
    return FALSE;
}

int main(int argc, char **argv) {
    gtk_init(&argc, &argv);
    if (argc == 2 && strcmp(argv[1], "selected") == 0) {
        gchar *text = gtk_clipboard_wait_for_text(gtk_clipboard_get(GDK_SELECTION_PRIMARY));
        if (text == NULL) return 1;
        say(text);
        return 0;
    }
    if (argc != 3 || strcmp(argv[1], "drag") != 0) return 2;
    GtkWidget *window = gtk_window_new(GTK_WINDOW_POPUP);
    GtkWidget *label = gtk_label_new("a folder");
    gtk_container_add(GTK_CONTAINER(window), label);
    gtk_window_set_default_size(GTK_WINDOW(window), 120, 60);
    gtk_window_move(GTK_WINDOW(window), 1450, 920);
    gtk_drag_source_set(window, GDK_BUTTON1_MASK, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_source_add_uri_targets(window);
    g_signal_connect(window, "drag-data-get", G_CALLBACK(give), argv[2]);
    g_signal_connect(window, "drag-begin", G_CALLBACK(begun), NULL);
    g_signal_connect(window, "drag-end", G_CALLBACK(ended), NULL);
    g_signal_connect_after(window, "draw", G_CALLBACK(painted), NULL);
    gtk_widget_show_all(window);
    gtk_main();
    return 0;
}
