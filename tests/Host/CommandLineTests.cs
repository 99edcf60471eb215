namespace Refinery.Tests.Host;

/// <summary>What is asked for wrongly is refused in one sentence, and nothing is made.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("'--frobnicate' is no option of serve; settings as --NAME value are expected, for example --DATA_DIR data.", "--frobnicate")]
    [InlineData("'--frobnicate' is no option of serve; settings as --NAME value are expected, for example --DATA_DIR data.", "serve", "--AUTO_BUILD", "1", "--frobnicate")]
    [InlineData("'--AUTO_BUILD' has no value; one is expected behind it.", "--AUTO_BUILD")]
    [InlineData("'extra' is no option of verify; settings as --NAME value are expected, for example --DATA_DIR data.", "verify", "extra")]
    [InlineData("'--x=1' is no option of rebuild-projections; settings as --NAME value are expected, for example --DATA_DIR data.", "rebuild-projections", "--x=1")]
    [InlineData("'--frobnicate' is no option of rebuild; rebuild --help names them, and settings such as DATA_DIR come from the environment.", "rebuild", "r.txt", "--frobnicate")]
    [InlineData("'--find-link' is no option of rebuild; rebuild --help names them, and settings such as DATA_DIR come from the environment.", "rebuild", "--find-link", "sdists", "r.txt")]
    [InlineData("rebuild needs a requirements file; its path is expected, as in: rebuild requirements.txt.", "rebuild")]
    [InlineData("Required argument missing for option: '--out'.", "rebuild", "r.txt", "--out")]
    public async Task A_wrong_word_is_one_sentence_and_starts_nothing(string sentence, params string[] arguments)
    {
        await using var host = HostRun.Start(folder, arguments);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Equal(sentence, host.Errors.TrimEnd());
        Assert.Empty(host.Output);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("rebuild-projections")]
    public async Task A_folder_without_books_is_not_called_valid(string verb)
    {
        await using var host = HostRun.Start(folder, [verb]);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Equal($"DATA_DIR '{folder.File("data")}' holds no database; the folder that Refinery served or rebuilt with is expected.", host.Errors.TrimEnd());
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Serve_is_the_same_as_no_verb_and_takes_settings()
    {
        await using var host = HostRun.Start(folder, ["serve", "--DATA_DIR", "books", "--Logging:LogLevel:Default=Warning", "--urls", "http://127.0.0.1:0"]);
        await host.ReadyAsync();

        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.True(File.Exists(folder.File("books/refinery.db")));
        await using var verify = HostRun.Start(folder, ["verify", "--DATA_DIR", "books"]);
        Assert.Equal(0, await verify.ExitAsync());
    }

    [Theory]
    [InlineData("--help", "refinery [command] [options] [--NAME value]...\n", "serve", "130", "--NAME value")]
    [InlineData("rebuild --help", "refinery rebuild [<requirements>] [options]\n", "BUILD_PYTHON", "RECIPES", "DATA_DIR")]
    [InlineData("verify --help", "refinery verify [options] [--NAME value]...\n", "hash chain")]
    public async Task Help_says_what_a_newcomer_asks(string arguments, params string[] words)
    {
        await using var host = HostRun.Start(folder, arguments.Split(' '));

        Assert.Equal(0, await host.ExitAsync());
        Assert.All(words, word => Assert.Contains(word, host.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("dditional", host.Output, StringComparison.Ordinal);
    }
}
