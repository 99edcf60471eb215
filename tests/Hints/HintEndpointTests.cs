using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Hints;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Hints;

/// <summary>Hints over HTTP, across restarts and rebuilds.</summary>
public sealed class HintEndpointTests
{
    private static readonly int Seeds = SeedCatalogue.Read().Count;

    [Fact]
    public async Task A_hint_is_made_read_changed_and_deleted()
    {
        await using var host = await RefineryHost.StartAsync();

        var made = await host.PostAsync("/api/hints", Hint("first pattern"));
        var id = made.GetProperty("id").GetString();
        using var changed = await host.Http.PutAsJsonAsync($"/api/hints/{id}", Hint("second pattern"));
        var read = await host.GetAsync($"/api/hints/{id}");
        using var deleted = await host.Http.DeleteAsync($"/api/hints/{id}");
        using var gone = await host.Http.GetAsync($"/api/hints/{id}");

        Assert.Equal("user", made.GetProperty("origin").GetString());
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal("second pattern", read.GetProperty("pattern").GetString());
        Assert.Equal("libffi-dev", read.GetProperty("recipes").GetProperty("apt")[0].GetString());
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Of_many_deletions_at_once_one_is_answered_and_journalled_and_no_change_follows_it()
    {
        await using var host = await RefineryHost.StartAsync();
        var store = host.Services.GetRequiredService<HintStore>();
        var id = (await host.PostAsync("/api/hints", Hint("twice"))).GetProperty("id").GetString()!;
        var database = host.Services.GetRequiredService<Database>();
        using var all = new ManualResetEventSlim();

        // The writer is held until all wait, so that they share one commit.
        var first = database.WriteAsync(_ => Task.FromResult(all.Wait(TimeSpan.FromSeconds(30))), CancellationToken.None);
        var deletions = Enumerable.Range(0, 4).Select(_ => store.DeleteAsync(id, CancellationToken.None)).ToList();
        var change = store.UpdateAsync(id, new HintRequest("x", new Dictionary<string, IReadOnlyList<string>>()), CancellationToken.None);
        all.Set();

        Assert.True(await first);
        Assert.Single(await Task.WhenAll(deletions), isDeleted => isDeleted);
        Assert.Null(await change);
        Assert.Null(await store.FindAsync(id, CancellationToken.None));
    }

    [Fact]
    public async Task A_new_hint_is_answered_with_201_and_its_address()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.PostAsJsonAsync("/api/hints", Hint("x"));

        var made = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal($"/api/hints/{made.GetProperty("id").GetString()}", response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task The_newest_hint_is_listed_first_among_the_catalogue()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/hints", Hint("older one"));
        await host.PostAsync("/api/hints", Hint("much newer one"));

        var all = await host.GetAsync("/api/hints?limit=500");
        var page = await host.GetAsync("/api/hints?limit=1&offset=1");
        var searched = await host.GetAsync("/api/hints?q=MUCH%20NEWER");
        var wildcard = await host.GetAsync("/api/hints?q=%25much");

        Assert.Equal(Seeds + 2, all.GetArrayLength());
        Assert.Equal("much newer one", all[0].GetProperty("pattern").GetString());
        Assert.Equal("older one", Assert.Single(page.EnumerateArray()).GetProperty("pattern").GetString());
        Assert.Equal("much newer one", Assert.Single(searched.EnumerateArray()).GetProperty("pattern").GetString());
        Assert.Empty(wildcard.EnumerateArray());
    }

    [Fact]
    public async Task A_hint_is_found_by_letters_of_any_language_as_they_are()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/hints", Hint("Überlauf in 行"));

        foreach (var query in new[] { "Überlauf", "ÜBERLAUF IN 行" })
        {
            Assert.Equal("Überlauf in 行", Assert.Single((await host.GetAsync($"/api/hints?q={Uri.EscapeDataString(query)}")).EnumerateArray()).GetProperty("pattern").GetString());
        }
    }

    [Theory]
    [InlineData("""{"pattern":"(","recipes":{},"note":"n"}""", "'pattern'")]
    [InlineData("""{"pattern":"x","recipes":"dnf install everything","note":"n"}""", "'recipes'")]
    [InlineData("""{"pattern":"x","recipes":{"dnf":[{"a":1}]},"note":"n"}""", "'recipes")]
    [InlineData("""{"pattern":"x","recipes":{"dnf":[null]},"note":"n"}""", "'recipes")]
    [InlineData("""{"pattern":"x","recipes":{"dnf":null},"note":"n"}""", "'recipes")]
    [InlineData("""{"pattern":"x","note":"n"}""", "'recipes'")]
    [InlineData("""{"recipes":{},"note":"n"}""", "'pattern'")]
    [InlineData("""{"pattern":7,"recipes":{},"note":"n"}""", "'pattern'")]
    [InlineData("""{"pattern":"x","recipes":{},"note":[]}""", "'note'")]
    [InlineData("""{"pattern":"x","recipes":{},"confidence":"high"}""", "'confidence'")]
    [InlineData("[]", "JSON")]
    [InlineData("{", "JSON")]
    public async Task A_bad_hint_is_refused_and_changes_nothing(string body, string named)
    {
        await using var host = await RefineryHost.StartAsync();
        var id = (await host.PostAsync("/api/hints", Hint("keep me"))).GetProperty("id").GetString();

        using var posted = await host.Http.PostAsync("/api/hints", Json(body));
        using var put = await host.Http.PutAsync($"/api/hints/{id}", Json(body));

        var error = await posted.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.BadRequest, posted.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.Contains(named, error.GetProperty("detail").GetString());
        Assert.Equal("keep me", (await host.GetAsync($"/api/hints/{id}")).GetProperty("pattern").GetString());
        Assert.Equal(Seeds + 1, (await host.GetAsync("/api/hints?limit=500")).GetArrayLength());
    }

    [Fact]
    public async Task An_unknown_id_is_answered_with_404_and_its_name()
    {
        await using var host = await RefineryHost.StartAsync();

        using var put = await host.Http.PutAsJsonAsync("/api/hints/a%2Fb", Hint("x"));
        using var deleted = await host.Http.DeleteAsync("/api/hints/a%2Fb");

        Assert.Equal(HttpStatusCode.NotFound, put.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, deleted.StatusCode);
        Assert.Contains("'a/b'", await deleted.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_restart_and_a_rebuild_undo_neither_an_edit_nor_a_deletion()
    {
        using var folder = new TemporaryFolder();
        var host = await RefineryHost.StartAsync(folder);
        using var deleted = await host.Http.DeleteAsync("/api/hints/hint-libffi");
        using var changed = await host.Http.PutAsJsonAsync("/api/hints/hint-zlib", Hint("my own zlib"));
        await host.StopAsync();

        host = await RefineryHost.StartAsync(folder);
        var head = await Journal(host).HeadAsync(CancellationToken.None);
        var before = await host.GetAsync("/api/hints?limit=500");
        await Journal(host).RebuildAsync(CancellationToken.None);
        var after = await host.GetAsync("/api/hints?limit=500");
        using var gone = await host.Http.GetAsync("/api/hints/hint-libffi");
        var zlib = await host.GetAsync("/api/hints/hint-zlib");
        await host.StopAsync();

        Assert.Equal(3, head.Sequence);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal("my own zlib", zlib.GetProperty("pattern").GetString());
        Assert.Equal("seed", zlib.GetProperty("origin").GetString());
        Assert.Equal(before.GetRawText(), after.GetRawText());
    }

    [Fact]
    public async Task A_catalogue_that_has_grown_adds_only_what_was_never_here()
    {
        using var folder = new TemporaryFolder();
        var host = await RefineryHost.StartAsync(folder, ("HINT_CATALOGUE", "0"));
        var earlier = SeedCatalogue.Read().Take(3).Select(seed => seed.ToHint()).ToList();
        await host.Services.GetRequiredService<HintStore>().SeedAsync(earlier, CancellationToken.None);
        using var deleted = await host.Http.DeleteAsync($"/api/hints/{earlier[0].Id}");
        using var changed = await host.Http.PutAsJsonAsync($"/api/hints/{earlier[1].Id}", Hint("my own"));
        await host.StopAsync();

        host = await RefineryHost.StartAsync(folder);
        var all = await host.GetAsync("/api/hints?limit=500");
        var seeded = (await Journal(host).ListAfterAsync(3, 10, CancellationToken.None)).Single();
        await host.StopAsync();

        Assert.Equal(Seeds - 1, all.GetArrayLength());
        Assert.DoesNotContain(all.EnumerateArray(), hint => hint.GetProperty("id").GetString() == earlier[0].Id);
        Assert.Equal("my own", all.EnumerateArray().Single(hint => hint.GetProperty("id").GetString() == earlier[1].Id).GetProperty("pattern").GetString());
        Assert.Equal(Seeds - 3, seeded.Payload.ToElement().GetProperty("hints").GetArrayLength());
    }

    [Fact]
    public async Task A_failed_attempt_counts_for_the_hints_it_matched()
    {
        await using var host = await RefineryHost.StartAsync();
        var payload = new EventPayload().Add("attempt_id", "a1").AddList("matched_hint_ids", ["hint-libffi", "hint-nowhere"]);
        await host.Services.GetRequiredService<Database>().WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("attempt.failed", payload));
                return Task.FromResult(0);
            },
            CancellationToken.None);

        var hint = await host.GetAsync("/api/hints/hint-libffi");

        Assert.Equal(1, hint.GetProperty("matches").GetInt64());
    }

    [Fact]
    public async Task Odd_events_of_others_leave_the_hints_as_they_are()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.Services.GetRequiredService<Database>().WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("hint.created", new EventPayload().Add("hint", "a text")));
                sql.Append(new EventDraft("hint.deleted", new EventPayload().Add("hint_id", 7L)));
                sql.Append(new EventDraft("attempt.failed", new EventPayload().Add("matched_hint_ids", 1L)));
                return Task.FromResult(0);
            },
            CancellationToken.None);

        Assert.Equal(Seeds, (await host.GetAsync("/api/hints?limit=500")).GetArrayLength());
    }

    [Fact]
    public async Task A_changed_hint_is_matched_at_once()
    {
        await using var host = await RefineryHost.StartAsync();
        var hints = host.Services.GetRequiredService<IHints>();
        const string Log = "src/a.c:1:10: fatal error: ffi.h: No such file or directory\nnobody expects this line";

        var before = await hints.MatchAsync(Log, "cffi", CancellationToken.None);
        var id = (await host.PostAsync("/api/hints", Hint("nobody expects"))).GetProperty("id").GetString();
        using var deleted = await host.Http.DeleteAsync("/api/hints/hint-libffi");
        var after = await hints.MatchAsync(Log, "cffi", CancellationToken.None);

        Assert.Equal("hint-libffi", Assert.Single(before).Id);
        Assert.Equal(["libffi-dev"], before[0].Recipes["apt"]);
        Assert.Equal(id, Assert.Single(after).Id);
    }

    [Fact]
    public async Task Writes_need_the_worker_token_when_one_is_set()
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "t"));

        using var refused = await host.Http.PostAsJsonAsync("/api/hints", Hint("x"));
        using var taken = await host.Http.PostAsJsonAsync("/api/hints?token=t", Hint("x"));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");

    private static EventJournal Journal(RefineryHost host) => host.Services.GetRequiredService<EventJournal>();

    private static object Hint(string pattern) => new
    {
        pattern,
        recipes = new { apt = new[] { "libffi-dev" }, dnf = new[] { "libffi-devel" } },
        note = "A note.",
    };
}
