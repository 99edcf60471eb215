using System.Text.Json;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;
using Refinery.Worker;

namespace Refinery.Tests.Worker;

/// <summary>A letter is read as it was written, whatever it leaves out.</summary>
public sealed class LetterTests
{
    [Fact]
    public void A_letter_is_read_as_it_was_written()
    {
        var bare = new Letter("s", 1, "complete", "pod", 7) { Outcome = new OutcomeWords("pod", 7, "Done.", Retryable: true, RetryAtOnce: false, [], []) };
        var logged = new Letter("s", 2, "release", "pod", 8) { Log = new UnsentLog(new LogKey("name", "1.0"), "a.log", new string('0', 64)) };

        Assert.Equal(Written(bare), Written(Read(bare)));
        Assert.Equal(logged, Read(logged));
    }

    private static string Written(Letter letter) => JsonSerializer.Serialize(letter, RefineryJson.Options);

    private static Letter Read(Letter letter) => JsonSerializer.Deserialize<Letter>(Written(letter), RefineryJson.Options)!;
}
